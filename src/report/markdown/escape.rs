//! Text of an image in Markdown, where it must not format, link, or call people.

use crate::report::style::shorten;

/// A name as code. Nothing in it means anything to Markdown, and nobody is called by it.
pub(in crate::report) fn code(name: &str) -> String {
    let plain: String = shorten(name, 100)
        .chars()
        .map(|character| match character {
            '`' => '\'',
            character if character.is_control() => ' ',
            character => character,
        })
        .collect();
    // A bar ends a cell of a table even in code.
    format!("`{}`", plain.trim().replace('|', "\\|"))
}

/// A sentence as text. `@name`, `#12` and addresses stay text by a space that has no width.
pub(in crate::report) fn prose(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = shorten(text, 400).chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(character) = characters.next() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '@' | '#' => {
                escaped.push(character);
                escaped.push('\u{200b}');
            }
            ':' if characters.peek() == Some(&'/') => escaped.push_str(":\u{200b}"),
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped.push_str("\u{200b}."),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_cell() {
        assert_eq!(code("a|b`c\n<!--d-->"), "`a\\|b'c <!--d-->`");
    }

    #[test]
    fn a_sentence_formats_nothing_links_nothing_and_calls_nobody() {
        assert_eq!(
            prose("<b>*x*</b> @all #12 http://a www.b [l](u) a|b\n## c"),
            "&lt;b&gt;\\*x\\*&lt;/b&gt; @\u{200b}all #\u{200b}12 http:\u{200b}//a www\u{200b}.b \\[l\\](u) a\\|b #\u{200b}#\u{200b} c"
        );
    }
}
