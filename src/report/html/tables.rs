//! The tables of one image, which say everything without JavaScript too.

use super::text;
use crate::report::scene::lines;
use crate::report::style::{Style, counted, percent};
use crate::view::{Finding, Fix, Platform};

/// All that is known about one image.
pub(super) fn image(at: usize, name: &str, platform: &Platform, several: bool, style: &Style) -> String {
    let mut html = format!("<section class=\"image\" data-image=\"{at}\" aria-label=\"{}\">\n", text(name));
    if several {
        html += &format!("<h2>{}</h2>\n", text(name));
    }
    html += &layers(platform, style);
    html += &findings(platform, style);
    html += &variants(platform, style);
    html += &owners(at, platform, style);
    html += &categories(platform, style);
    html += &raw(platform);
    html + "</section>\n"
}

/// A cell with a figure, and the figure itself for sorting.
fn figure(bytes: u64, shown: &str) -> String {
    format!("<td class=\"n\" data-v=\"{bytes}\">{}</td>", text(shown))
}

fn both(content: u64, transfer: u64, platform: &Platform, style: &Style) -> String {
    figure(content, &style.figure(content))
        + &figure(transfer, &style.estimate(transfer, platform.transfer.exact))
}

/// A bar of `width` of 1000 parts, of which the last `wasted` are wasted; one for each measure.
fn bars(content: [u64; 3], transfer: [u64; 3], label: &str) -> String {
    let bar = |class: &str, [wasted, all, whole]: [u64; 3]| {
        let part = |bytes: u64| if whole == 0 { 0.0 } else { bytes as f64 * 1000.0 / whole as f64 };
        format!(
            "<svg class=\"bar {class}\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
             <rect width=\"{:.1}\" height=\"10\"/><rect class=\"wasted\" x=\"{:.1}\" width=\"{:.1}\" height=\"10\"/></svg>",
            text(label),
            part(all.saturating_sub(wasted)),
            part(all.saturating_sub(wasted)),
            part(wasted)
        )
    };
    bar("of-content", content) + &bar("of-transfer", transfer)
}

fn layers(platform: &Platform, style: &Style) -> String {
    let mut html = "<h2>Layers</h2>\n<p class=\"faint\"><span class=\"key live\"></span>live <span class=\"key wasted\"></span>wasted: \
                    overwritten or deleted by a later layer, ships all the same</p>\n<div class=\"scroll\"><table class=\"sorts\"><thead><tr><th class=\"n\">layer</th><th>instruction</th>\
                    <th class=\"n\">content</th><th class=\"n\">transfer</th><th class=\"n\">wasted</th><th>live and wasted</th></tr></thead><tbody>\n"
        .to_owned();
    let most = platform.layers.iter().map(|layer| layer.content).max().unwrap_or(0);
    let most_transfer = platform.layers.iter().map(|layer| layer.transfer).max().unwrap_or(0);
    for layer in &platform.layers {
        let made = layer.instruction.as_deref().unwrap_or(&layer.digest);
        let mut notes = Vec::new();
        if layer.base {
            notes.push("base image".to_owned());
        }
        notes.extend(layer.place.as_ref().map(ToString::to_string));
        for hidden in &layer.hidden {
            notes.push(format!("{} hidden by layer {}", style.bytes(hidden.content), hidden.by));
        }
        let hidden: u64 = layer.hidden.iter().map(|hidden| hidden.transfer).sum();
        let label = format!(
            "{} live, {} wasted",
            style.bytes(layer.content - layer.wasted.min(layer.content)),
            style.bytes(layer.wasted)
        );
        html += &format!(
            "<tr><td class=\"n\" data-v=\"{0}\">{0}</td><td class=\"name\"><code>{1}</code><br><span class=\"faint\">{2}</span></td>{3}{4}<td>{5}</td></tr>\n",
            layer.number,
            text(made),
            text(&notes.join(", ")),
            both(layer.content, layer.transfer, platform, style),
            figure(layer.wasted, &style.figure(layer.wasted)),
            bars([layer.wasted, layer.content, most], [hidden, layer.transfer, most_transfer], &label)
        );
    }
    html + &format!(
        "</tbody><tfoot><tr><td></td><td>total</td>{}{}<td></td></tr></tfoot></table></div>\n",
        both(platform.content, platform.transfer.bytes, platform, style),
        figure(platform.wasted(), &style.figure(platform.wasted()))
    )
}

fn findings(platform: &Platform, style: &Style) -> String {
    let rules = counted(platform.rules, "rule", "rules");
    let mut html = format!("<h2>Findings: what could go</h2>\n<p class=\"faint\">{rules} looked for. ");
    let told: Vec<_> = platform.findings.iter().filter(|finding| finding.covered_by.is_none()).collect();
    if told.is_empty() {
        return html + "None found anything.</p>\n";
    }
    let saving = platform.saving;
    html += &format!(
        "All together, overlaps counted once: {} of content, {} of transfer.</p>\n",
        text(&style.bytes(saving.content)),
        text(&style.estimate(saving.transfer, platform.transfer.exact))
    );
    let (base, own): (Vec<_>, Vec<_>) = told.into_iter().partition(|finding| finding.in_base);
    for finding in own {
        html += &one(platform, finding, style);
    }
    if !base.is_empty() {
        html += "<h3>In the base image: only another base gets rid of it</h3>\n";
        for finding in base {
            html += &one(platform, finding, style);
        }
    }
    html
}

fn one(platform: &Platform, finding: &Finding, style: &Style) -> String {
    const SHOWN: usize = 20;
    let class = match finding.safety.as_str() {
        "safe" => "good",
        "review" => "warn",
        _ => "bad",
    };
    let place = lines(platform, finding).map_or(String::new(), |lines| {
        format!(" <code>{}</code>", text(&format!("{}:{}", lines.file, lines.first)))
    });
    let mut html = format!(
        "<details><summary><span class=\"title\"><b>{}</b>: {}{place}</span><span class=\"badge {class}\">{}</span>\
         <span class=\"n\">{} content</span><span class=\"n\">{} transfer</span></summary><div>\n<p>{}</p>\n",
        text(&finding.rule),
        text(&finding.title),
        text(&finding.safety),
        text(&style.bytes(finding.content)),
        text(&style.estimate(finding.transfer, platform.transfer.exact)),
        text(&finding.message)
    );
    if let Some(fix) = &finding.fix {
        html += &how(fix);
    }
    html += &format!(
        "<div class=\"scroll\"><table class=\"sorts\"><caption>{}</caption><thead><tr><th>path</th><th class=\"n\">layer</th><th class=\"n\">content</th><th class=\"n\">transfer</th></tr></thead><tbody>\n",
        counted(finding.files, "file", "files")
    );
    for entry in finding.entries.iter().take(SHOWN) {
        html += &format!(
            "<tr><td class=\"name\"><code>{}</code></td><td class=\"n\" data-v=\"{1}\">{1}</td>{2}</tr>\n",
            text(&entry.path),
            entry.layer,
            both(entry.content, entry.transfer, platform, style)
        );
    }
    html += "</tbody>";
    let rest = finding.entries.get(SHOWN..).unwrap_or_default();
    if !rest.is_empty() {
        let content = rest.iter().map(|entry| entry.content).sum();
        let transfer = rest.iter().map(|entry| entry.transfer).sum();
        html += &format!(
            "<tfoot><tr><td>{} more, in the JSON report</td><td></td>{}</tr></tfoot>",
            rest.len(),
            both(content, transfer, platform, style)
        );
    }
    html + "</table></div>\n</div></details>\n"
}

fn how(fix: &Fix) -> String {
    let paragraphs = |markdown: &str| {
        let plain = markdown.replace('`', "");
        plain
            .split("\n\n")
            .filter(|part| !part.trim().is_empty())
            .map(|part| format!("<p>{}</p>\n", text(part.trim())))
            .collect::<String>()
    };
    let mut html = format!(
        "<h3>Why</h3>\n{}<h3>What to do</h3>\n{}<div class=\"two\">\n",
        paragraphs(&fix.why),
        paragraphs(&fix.how)
    );
    html += &format!("<div><p class=\"faint\">Instead of</p><pre>{}</pre></div>\n", text(fix.before.trim()));
    html += &format!(
        "<div><p class=\"faint\">write</p><pre class=\"fix\">{}</pre></div>\n</div>\n",
        text(fix.after.trim())
    );
    for reference in fix.references.iter().filter(|reference| reference.starts_with("https://")) {
        html += &format!("<p><a href=\"{0}\" rel=\"noreferrer\">{0}</a></p>\n", text(reference));
    }
    html
}

fn variants(platform: &Platform, style: &Style) -> String {
    if platform.variants.is_empty() {
        return String::new();
    }
    let mut html = "<h2>Images that could be built instead</h2>\n<div class=\"scroll\"><table><thead><tr><th>variant</th><th class=\"n\">content</th>\
                    <th class=\"n\">transfer</th><th>against the image as it is</th></tr></thead><tbody>\n"
        .to_owned();
    let (content, transfer) = (platform.content, platform.transfer.bytes);
    let mut row = |name: &str, note: &str, sizes: (u64, u64), shown: &[String; 2]| {
        html += &format!(
            "<tr><td class=\"name\"><b>{}</b><br><span class=\"faint\">{}</span></td>{}{}<td>{}</td></tr>\n",
            text(name),
            text(note),
            figure(sizes.0, &shown[0]),
            figure(sizes.1, &shown[1]),
            bars([0, sizes.0, content], [0, sizes.1, transfer], &percent(sizes.0, content))
        );
    };
    let now = [style.figure(content), style.estimate(transfer, platform.transfer.exact)];
    row("as it is", "", (content, transfer), &now);
    for variant in &platform.variants {
        let note = format!("{}. {}", variant.how(), variant.caveats.join(". "));
        let shown = [
            style.estimate(variant.content, variant.is_exact()),
            style.estimate(variant.transfer, variant.measured && platform.transfer.exact),
        ];
        row(&variant.name, &note, (variant.content, variant.transfer), &shown);
    }
    html + "</tbody></table></div>\n"
}

fn owners(at: usize, platform: &Platform, style: &Style) -> String {
    let mut html = format!(
        "<h2>Owners of live bytes</h2>\n<p class=\"js-only\"><label>Filter <input type=\"search\" class=\"filters\" data-table=\"owners-{at}\"></label> <span class=\"found faint\" role=\"status\"></span></p>\n\
         <div class=\"scroll\"><table class=\"sorts\" id=\"owners-{at}\"><thead><tr><th>owner</th><th class=\"wide\">version</th><th class=\"n\">files</th><th class=\"n\">content</th><th class=\"n\">transfer</th><th class=\"n\">share</th><th class=\"wide\">from</th></tr></thead><tbody>\n"
    );
    for owner in &platform.owners {
        let from = match owner.base {
            0 => "own",
            base if base == owner.content => "base",
            _ => "both",
        };
        html += &format!(
            "<tr data-content=\"{}\" data-transfer=\"{}\"><td class=\"name\">{}</td><td class=\"wide\">{}</td><td class=\"n\" data-v=\"{}\">{}</td>{}{}<td class=\"wide\">{from}</td></tr>\n",
            owner.content,
            owner.transfer,
            text(&owner.id),
            text(owner.version.as_deref().unwrap_or_default()),
            owner.files,
            owner.files,
            both(owner.content, owner.transfer, platform, style),
            figure(owner.content, &percent(owner.content, platform.live)),
        );
    }
    let files: u64 = platform.owners.iter().map(|owner| owner.files).sum();
    html + &format!(
        "</tbody><tfoot><tr><td>total</td><td class=\"wide\"></td><td class=\"n\">{files}</td>{}<td></td><td class=\"wide\"></td></tr></tfoot></table></div>\n",
        both(platform.live, platform.live_transfer, platform, style)
    )
}

fn categories(platform: &Platform, style: &Style) -> String {
    let mut html = "<h2>What the live bytes are</h2>\n<div class=\"scroll\"><table class=\"sorts\"><thead><tr><th>category</th><th class=\"n\">files</th>\
                    <th class=\"n\">content</th><th class=\"n\">transfer</th><th class=\"n\">share</th></tr></thead><tbody>\n"
        .to_owned();
    for category in &platform.categories {
        html += &format!(
            "<tr><td>{0}</td><td class=\"n\" data-v=\"{2}\">{2}</td>{1}{3}</tr>\n",
            text(&category.id),
            both(category.content, category.transfer, platform, style),
            category.files,
            figure(category.content, &percent(category.content, platform.live)),
        );
    }
    html + "</tbody></table></div>\n"
}

/// Digests, the base, and what could not be read.
fn raw(platform: &Platform) -> String {
    let mut html =
        "<details><summary><span class=\"title\">Facts: digests, base, notes</span></summary><div>\n"
            .to_owned();
    let mut fact =
        |name: &str, value: &str| html += &format!("<p><b>{name}</b> <code>{}</code></p>\n", text(value));
    fact("manifest", platform.digest.as_deref().unwrap_or("none"));
    fact("image id", &platform.id);
    fact("created", platform.created.as_deref().unwrap_or("not said"));
    if let Some(base) = &platform.base {
        let name = base.name.as_deref().unwrap_or("unnamed");
        fact("base", &format!("{name}, {} layers ({})", base.layers, base.evidence));
    }
    for layer in &platform.layers {
        fact(&format!("layer {}", layer.number), &format!("{} {}", layer.digest, layer.media_type));
    }
    for warning in &platform.warnings {
        html += &format!("<p>Note, {}: {}</p>\n", text(&warning.from), text(&warning.message));
    }
    html + "</div></details>\n"
}
