//! One page that needs nothing else: it works from a file, without a network, under a policy that runs only what is in it,
//! and without JavaScript as tables.
//!
//! What an image says is escaped here or put in as text by the script, never parsed as HTML.

mod compared;
mod data;
mod tables;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::check;
use super::scene::Scene;
use super::style::Style;
use crate::view::{Platform, Report};

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// The whole page.
pub(super) fn render(scene: Scene<'_>, style: &Style) -> String {
    let images = images(scene);
    let title = format!("{}: size report", scene.report.image.reference);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(JS),
        hash(CSS)
    );
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n<style>{CSS}</style>\n</head>\n\
         <body data-unit=\"content\">\n<a class=\"skip\" href=\"#tables\">Skip to the tables</a>\n",
        text(&title)
    );
    page += &header(scene, style);
    page += "<main>\n";
    page += &controls(scene, &images);
    page += EXPLORE;
    page += "<div id=\"tables\">\n";
    page += &compared::checks(scene, style);
    page += &compared::comparison(scene, style);
    for (at, (name, platform)) in images.iter().enumerate() {
        page += &tables::image(at, name, platform, images.len() > 1, style);
    }
    page += "</div>\n";
    page += &footer(scene);
    page += "</main>\n<script type=\"application/octet-stream\" id=\"data\">";
    page += &STANDARD.encode(data::packed(scene, &images));
    page + &format!("</script>\n<script>{JS}</script>\n</body>\n</html>\n")
}

/// Every platform of every report, with a name that tells them apart.
fn images<'a>(scene: Scene<'a>) -> Vec<(String, &'a Platform)> {
    let name = |report: &Report, platform: &Platform| match (scene.reports.len(), report.platforms.len()) {
        (1, _) => platform.platform.clone(),
        (_, 1) => report.image.reference.clone(),
        _ => format!("{} {}", report.image.reference, platform.platform),
    };
    let of =
        |report: &'a Report| report.platforms.iter().map(move |platform| (name(report, platform), platform));
    scene.reports.iter().flat_map(of).collect()
}

fn hash(inline: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(inline.as_bytes())))
}

/// Text in HTML, also in a quoted attribute.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The answer, before anything else.
fn header(scene: Scene<'_>, style: &Style) -> String {
    let report = scene.report;
    let mut html = format!("<header>\n<h1>{}</h1>\n", text(&report.image.reference));
    if let Some(verdict) = scene.verdict {
        let class = match verdict.status {
            crate::budget::Status::Pass | crate::budget::Status::Skipped => "good",
            crate::budget::Status::Warn => "warn",
            _ => "bad",
        };
        html +=
            &format!("<p class=\"lead {class}\">{}</p>\n", text(&check::sentence(report, verdict, style)));
    }
    if let [platform, ..] = report.platforms.as_slice() {
        let digest = platform.digest.as_deref().unwrap_or(&platform.id);
        html += &format!(
            "<p class=\"faint\">{} · <code>{}</code> · {}</p>\n",
            text(&platform.platform),
            text(digest),
            text(&report.image.kind)
        );
        let wasted = platform.wasted();
        let clean = platform.variants.iter().find(|variant| variant.name == "clean");
        let safely = clean.map_or(0, |clean| platform.content.saturating_sub(clean.content));
        let facts = [
            (style.bytes(platform.content), "content: the files of all layers"),
            (style.estimate(platform.transfer.bytes, platform.transfer.exact), "transfer: what a pull moves"),
            (style.figure(wasted), "wasted: ships and cannot be seen"),
            (style.figure(safely), "can safely go"),
            (platform.layers.len().to_string(), "layers"),
        ];
        html += "<ul class=\"facts\">\n";
        for (figure, what) in facts {
            html += &format!("<li><b>{}</b><span>{what}</span></li>\n", text(&figure));
        }
        html += "</ul>\n";
    }
    html + "</header>\n"
}

/// What to look at, and in which measure. Without JavaScript it does nothing, and is not there.
fn controls(scene: Scene<'_>, images: &[(String, &Platform)]) -> String {
    let choice = |legend: &str, name: &str, options: &[(String, &str)]| {
        let mut html = format!("<fieldset class=\"choice\"><legend>{legend}</legend>");
        for (to, label) in options {
            html += &format!(
                "<button type=\"button\" aria-pressed=\"false\" data-set=\"{name}\" data-to=\"{}\">{}</button>",
                text(to),
                text(label)
            );
        }
        html + "</fieldset>\n"
    };
    let mut html = "<div class=\"bar-of-controls js-only js-flex\">\n".to_owned();
    if images.len() > 1 {
        let options: Vec<_> =
            images.iter().enumerate().map(|(at, (name, _))| (at.to_string(), name.as_str())).collect();
        let legend = if scene.reports.len() > 1 { "Image" } else { "Platform" };
        html += &choice(legend, "image", &options);
    }
    let options = |names: &[(&'static str, &'static str)]| -> Vec<(String, &'static str)> {
        names.iter().map(|(to, label)| ((*to).to_owned(), *label)).collect()
    };
    html += &choice("Size", "unit", &options(&[("content", "content"), ("transfer", "transfer")]));
    html += &choice(
        "Map",
        "group",
        &options(&[("packages", "packages"), ("layers", "layers"), ("directories", "directories")]),
    );
    if scene.comparison.is_some() {
        html +=
            &choice("Colour", "colour", &options(&[("category", "what it is"), ("change", "what changed")]));
    }
    html + "<label>Find <input type=\"search\" id=\"find\" placeholder=\"path or package\"></label>\n</div>\n"
}

const EXPLORE: &str = "<section id=\"explore\" class=\"js-only\" aria-label=\"Map of the image\">\n\
<nav id=\"trail\" aria-label=\"Where the map is\"></nav>\n\
<div id=\"map\" role=\"group\" tabindex=\"-1\"></div>\n\
<p id=\"status\" role=\"status\" aria-live=\"polite\"></p>\n<ul id=\"legend\" aria-label=\"Colours\"></ul>\n\
<p class=\"faint\">Click or Enter goes in, Escape goes out, arrows go from part to part. The address keeps the view.</p>\n\
<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"The map as a table\"><table id=\"twin\"><caption>The same as a table</caption><thead><tr><th>Part</th><th class=\"n\">content</th>\
<th class=\"n\">transfer</th><th class=\"n\">files</th><th class=\"n\">share</th></tr></thead><tbody></tbody><tfoot></tfoot></table></div>\n\
</section>\n<noscript><p class=\"faint\">The map needs JavaScript; every figure is in the tables.</p></noscript>\n";

fn footer(scene: Scene<'_>) -> String {
    let estimated =
        scene.reports.iter().flat_map(|report| &report.platforms).any(|platform| !platform.transfer.exact);
    let estimated = if estimated {
        " ~ is estimated from a sample, for the source keeps layers uncompressed."
    } else {
        ""
    };
    format!(
        "<footer><p>Content is the bytes of the regular files in all layers, as Docker counts an image. Transfer is the layers as they \
         are stored, compressed: what a pull moves; a file's share of it is that of its compressed bytes. Wasted is what a later layer \
         overwrites or deletes: it ships all the same.{estimated} MB is 1000 × 1000 bytes.</p><p>{} {}, {}</p></footer>\n",
        text(&scene.report.tool.name),
        text(&scene.report.tool.version),
        text(&scene.report.schema)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_never_parses_html() {
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "http:",
            "https:",
        ] {
            assert!(!JS.contains(forbidden), "{forbidden}");
        }
        assert!(!CSS.contains("url("), "nothing is loaded");
        assert!(!JS.contains("</script") && !CSS.contains("</style"));
    }
}
