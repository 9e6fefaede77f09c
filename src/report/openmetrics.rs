//! OpenMetrics: for GitLab's metrics reports, which show what a merge request changes, and for Prometheus.

use std::collections::BTreeMap;

use super::scene::{Scene, told};
use crate::budget::Unit;

/// The exposition, ended by its `# EOF`.
#[expect(clippy::too_many_lines, reason = "one metric after the other, in the order of the format")]
pub(super) fn render(scene: Scene<'_>) -> String {
    let image = scene.report.image.reference.as_str();
    let mut families: Vec<Family> = Vec::new();
    let mut add =
        |name: &'static str, unit: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64| {
            let mut all = vec![("image", image)];
            all.extend(labels);
            let sample = format!("{name}{{{}}} {value}\n", self::labels(&all));
            match families.iter_mut().find(|family| family.name == name) {
                Some(family) => family.samples.push(sample),
                None => families.push(Family { name, unit, help, samples: vec![sample] }),
            }
        };
    for platform in &scene.report.platforms {
        let on = ("platform", platform.platform.as_str());
        let figure = |bytes: u64| bytes as f64;
        add(
            "plimsoll_image_content_bytes",
            "bytes",
            "Bytes of the files in all layers",
            &[on],
            figure(platform.content),
        );
        if platform.transfer.is_known() {
            let exact = if platform.transfer.exact { "true" } else { "false" };
            let bytes = figure(platform.transfer.bytes);
            add(
                "plimsoll_image_transfer_bytes",
                "bytes",
                "Compressed layers, what a pull moves",
                &[on, ("exact", exact)],
                bytes,
            );
        }
        add(
            "plimsoll_image_live_bytes",
            "bytes",
            "Bytes of the files that a container sees",
            &[on],
            figure(platform.live),
        );
        for (fate, bytes) in [("overwritten", platform.overwritten), ("deleted", platform.deleted)] {
            add(
                "plimsoll_image_wasted_bytes",
                "bytes",
                "Bytes that ship and cannot be seen",
                &[on, ("fate", fate)],
                figure(bytes),
            );
        }
        add("plimsoll_image_layers", "", "How many layers there are", &[on], platform.layers.len() as f64);
        let mut ecosystems: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for owner in &platform.owners {
            let name = if owner.ecosystem.is_empty() { "unowned" } else { &owner.ecosystem };
            let sum = ecosystems.entry(name).or_default();
            *sum = (sum.0 + owner.content, sum.1 + 1);
        }
        for (name, (bytes, owners)) in ecosystems {
            let labels = [on, ("ecosystem", name)];
            add(
                "plimsoll_ecosystem_content_bytes",
                "bytes",
                "Live bytes of the packages of an ecosystem",
                &labels,
                figure(bytes),
            );
            add(
                "plimsoll_ecosystem_packages",
                "",
                "How many packages an ecosystem has",
                &labels,
                figure(owners),
            );
        }
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for finding in told(platform) {
            *rules.entry(&finding.rule).or_default() += finding.content;
        }
        for (rule, bytes) in rules {
            add(
                "plimsoll_finding_content_bytes",
                "bytes",
                "What mending what a rule found frees",
                &[on, ("rule", rule)],
                figure(bytes),
            );
        }
    }
    for check in scene.verdict.iter().flat_map(|verdict| &verdict.checks) {
        let labels = [("platform", check.platform.as_str()), ("budget", check.name.as_str())];
        let bad = f64::from(u8::from(check.status >= crate::budget::Status::Unknown));
        add(
            "plimsoll_budget_exceeded",
            "",
            "1 where a budget failed or could not be evaluated",
            &labels,
            bad,
        );
        if let (Some(room), Unit::Bytes) = (check.headroom, check.unit) {
            add(
                "plimsoll_budget_headroom_bytes",
                "bytes",
                "How far from its limit; negative beyond it",
                &labels,
                room,
            );
        }
    }
    let mut text = String::new();
    for Family { name, unit, help, samples } in families {
        text += &format!("# TYPE {name} gauge\n");
        if !unit.is_empty() {
            text += &format!("# UNIT {name} {unit}\n");
        }
        text += &format!("# HELP {name} {help}\n{}", samples.concat());
    }
    text + "# EOF\n"
}

/// Samples of one name stand together, whoever adds them.
struct Family {
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    samples: Vec<String>,
}

fn labels(labels: &[(&str, &str)]) -> String {
    let label = |(name, value): &(&str, &str)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{name}=\"{value}\"")
    };
    labels.iter().map(label).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_label_ends_where_it_should() {
        assert_eq!(super::labels(&[("a", "x\"} 1\n\\")]), r#"a="x\"} 1\n\\""#);
    }
}
