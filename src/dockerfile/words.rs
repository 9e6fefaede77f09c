//! Words: how a line divides at white space, quotes and escapes, and which words announce a here-document.
//! <https://docs.docker.com/reference/dockerfile/#here-documents>

/// Divides at white space outside of quotes; quotes and escapes stay. The words of `ENV`, `LABEL` and `ARG`.
pub fn split(source: &str, escape: char) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut characters = source.char_indices();
    while let Some((at, character)) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            if let Some(start) = start.take() {
                words.push(&source[start..at]);
            }
            continue;
        }
        start.get_or_insert(at);
        if character == escape && quote != Some('\'') {
            characters.next();
        } else if quote == Some(character) {
            quote = None;
        } else if quote.is_none() && matches!(character, '\'' | '"') {
            quote = Some(character);
        }
    }
    if let Some(start) = start {
        words.push(&source[start..]);
    }
    words
}

/// The pairs of `ENV` and `LABEL`, values as written: `a=b "c d"=e`, or the old `name value with spaces`. A word
/// without `=` among others that have one yields an error, half a sentence.
pub fn pairs(source: &str, escape: char) -> Result<Vec<(&str, &str)>, String> {
    let words = split(source, escape);
    match words.first() {
        None => return Err("nothing follows it".into()),
        Some(first) if !first.contains('=') => {
            return match source.trim().split_once(char::is_whitespace) {
                Some((name, value)) => Ok(vec![(name, value.trim_start())]),
                None => Err(format!("`{}` has no value", shown(first))),
            };
        }
        Some(_) => {}
    }
    let pair = |word: &'_ str| match word.split_once('=') {
        Some(("", _)) => Err("a name is empty".to_owned()),
        Some(_) => Ok(()),
        None => Err(format!("`{}` has no `=`", shown(word))),
    };
    words.iter().try_for_each(|word| pair(word))?;
    Ok(words.iter().filter_map(|word| word.split_once('=')).collect())
}

/// What a sentence can show of something written: its beginning, harmless to a terminal.
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", crate::path::Printable(short.as_bytes()))
}

/// A here-document's marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The word that ends it.
    pub name: String,
    /// Whether no part of the word was quoted.
    pub expand: bool,
    /// `<<-`.
    pub strip_tabs: bool,
}

/// The markers on a logical line. A marker is a word of its own, but for a number before it: `3<<EOF`; so neither
/// `$((1<<2))` nor `<<<word` is one. A quote that is not closed hides them all, as it does from BuildKit.
pub fn markers(line: &str) -> Vec<Marker> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            (None, '<') if characters.next_if_eq(&'<').is_some() => {
                word.push_str("<<");
                // White space may stand between the arrows and the name.
                while characters.next_if(|c| matches!(c, ' ' | '\t' | '\r')).is_some() {}
                continue;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), c) if open == c => quote = None,
            (None | Some('"'), '\\') => {
                word.push(character);
                word.extend(characters.next());
                continue;
            }
            _ => {}
        }
        word.push(character);
    }
    if quote.is_some() {
        return Vec::new();
    }
    words.push(word);
    words.iter().filter_map(|word| marker(word)).collect()
}

fn marker(word: &str) -> Option<Marker> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (strip_tabs, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    if rest.is_empty() || rest.contains('<') {
        return None;
    }
    let mut name = String::new();
    let mut quote = None;
    let mut expand = true;
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => (quote, expand) = (Some(character), false),
            (Some(open), c) if open == c => quote = None,
            (None, '\\') => name.extend(characters.next()),
            _ => name.push(character),
        }
    }
    (!name.is_empty()).then_some(Marker { name, expand, strip_tabs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_quotes() {
        assert_eq!(
            split(" a=1  b=\"x y\" c=x\\ y d='\\' e", '\\'),
            ["a=1", "b=\"x y\"", "c=x\\ y", "d='\\'", "e"]
        );
        assert_eq!(pairs("A=1 B=\"2 3\"", '\\').unwrap(), [("A", "1"), ("B", "\"2 3\"")]);
        assert_eq!(pairs("A  x = y", '\\').unwrap(), [("A", "x = y")]);
        for wrong in ["", "A", "A=1 B", "=1"] {
            assert!(pairs(wrong, '\\').is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_marker_is_a_word_of_its_own() {
        let names = |line| markers(line).into_iter().map(|marker| marker.name).collect::<Vec<_>>();
        assert_eq!(names("RUN cat <<EOF | tee x"), ["EOF"]);
        assert_eq!(names("COPY <<a.txt <<-'b c' << \"D\" /dest/"), ["a.txt", "b c", "D"]);
        assert_eq!(names("RUN 3<<E cat <<E\\F"), ["E", "EF"]);
        for none in [
            "RUN echo $((1<<2))",
            "RUN cat <<<word",
            "RUN echo '<<EOF'",
            "RUN echo it's <<EOF",
            "RUN x <<",
            "RUN <<-",
        ] {
            assert_eq!(names(none), [""; 0], "{none}");
        }
        let quoted = markers("RUN <<-\"EOF\"");
        assert_eq!(quoted, [Marker { name: "EOF".into(), expand: false, strip_tabs: true }]);
    }
}
