//! Control files: the syntax of `status` and of `status.d/*`.

/// The paragraphs of a control file, <https://manpages.debian.org/deb822.5>.
pub(super) struct Stanzas<L> {
    pub lines: L,
}

/// The fields of a paragraph that matter.
#[derive(Default)]
pub(super) struct Stanza<'a> {
    /// Lower-case name and value of the fields that matter.
    fields: Vec<(&'static str, &'a [u8])>,
    /// The paths of `Conffiles`.
    pub conffiles: Vec<&'a [u8]>,
    /// Whether a line is neither a field nor the continuation of one.
    pub malformed: bool,
}

impl<'a> Stanza<'a> {
    /// The value of a field, by its lower-case name.
    pub fn get(&self, field: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, value)| *value)
    }
}

const FIELDS: [&str; 5] = ["package", "status", "version", "architecture", "conffiles"];

impl<'a, L: Iterator<Item = &'a [u8]>> Iterator for Stanzas<L> {
    type Item = Stanza<'a>;

    fn next(&mut self) -> Option<Stanza<'a>> {
        let mut stanza = Stanza::default();
        let mut any = false;
        let mut in_conffiles = false;
        for line in self.lines.by_ref() {
            let line = line.trim_ascii_end();
            if line.is_empty() {
                if any {
                    return Some(stanza);
                }
                continue;
            }
            any = true;
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                if in_conffiles {
                    // ` /etc/x MD5 [obsolete|remove-on-upgrade]`
                    let path = line.trim_ascii_start().split(|byte| *byte == b' ').next();
                    stanza.conffiles.extend(path.filter(|path| path.starts_with(b"/")));
                }
                continue;
            }
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                stanza.malformed = true;
                continue;
            };
            let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            let field = FIELDS.into_iter().find(|field| name.eq_ignore_ascii_case(field.as_bytes()));
            in_conffiles = field == Some("conffiles");
            stanza.fields.extend(field.map(|field| (field, value)));
        }
        any.then_some(stanza)
    }
}
