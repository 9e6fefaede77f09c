//! Reports that were saved by older versions are read as they were meant.

use plimsoll::view::Report;

/// A field that is added without a default would make every baseline that is out there useless: this finds it.
#[test]
fn the_first_report_there_was_still_reads() {
    let report = Report::from_json(include_str!("baselines/report-1-first.json")).unwrap();
    let platform = &report.platforms[0];
    assert_eq!((platform.content, platform.transfer.bytes), (1_052_854_687, 360_815_966));
    assert_eq!(platform.dive, None, "what it did not count is not taken for nothing");
}
