//! PAX extension headers: records of `LENGTH KEY=VALUE\n` that override the header that follows.

/// What an extension header says of the next member.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The whole path.
    pub path: Option<Vec<u8>>,
    /// The whole link target.
    pub link: Option<Vec<u8>>,
    /// Bytes of content that follow.
    pub size: Option<u64>,
    /// The logical size of a sparse file (`GNU.sparse.realsize` or `GNU.sparse.size`).
    pub sparse_size: Option<u64>,
    /// The path of a sparse file; the header's own is made up.
    pub sparse_path: Option<Vec<u8>>,
}

impl Extension {
    /// Reads the records; `None` where they are malformed.
    pub fn parse(mut records: &[u8]) -> Option<Self> {
        let mut extension = Self::default();
        // Some writers pad with zeros.
        while records.first().is_some_and(|byte| *byte != 0) {
            let space = records.iter().position(|byte| *byte == b' ')?;
            let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
            let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            extension.set(&record[..equals], &record[equals + 1..]);
            records = &records[length..];
        }
        Some(extension)
    }

    /// One record. An empty value takes an earlier record back; a value that is no number where one belongs is left to the
    /// header. Owners, times and attributes weigh what their records do and are of no other interest here.
    fn set(&mut self, key: &[u8], value: &[u8]) {
        let text = (!value.is_empty()).then(|| value.to_vec());
        let whole = std::str::from_utf8(value).ok().and_then(|value| value.split('.').next());
        let number = whole.and_then(|value| value.parse().ok());
        match key {
            b"path" => self.path = text,
            b"linkpath" => self.link = text,
            b"size" => self.size = number,
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.sparse_size = number,
            b"GNU.sparse.name" => self.sparse_path = text,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record with the length that it really has.
    fn record(key_value: &str) -> String {
        let mut length = key_value.len() + 2;
        length += length.to_string().len();
        if (length - 1).to_string().len() + key_value.len() + 2 == length - 1 {
            length -= 1;
        }
        format!("{length} {key_value}\n")
    }

    #[test]
    fn records_override_and_an_empty_value_is_no_error() {
        let records =
            ["path=a/b=c/d", "size=1234", "mtime=1700000000.123", "SCHILY.xattr.user.overlay.origin="];
        let records: String = records.map(record).concat();
        let extension = Extension::parse(records.as_bytes()).unwrap();
        assert_eq!(extension.path.as_deref(), Some(&b"a/b=c/d"[..]));
        assert_eq!(extension.size, Some(1234));
    }

    #[test]
    fn a_record_that_lies_about_its_length_is_refused() {
        for records in
            [&b"99 path=a\n"[..], b"6 x=\n", b"x path=a\n", b"3\n", b"1 a=b\n", b"18446744073709551616 a=b\n"]
        {
            assert_eq!(Extension::parse(records), None, "{:?}", String::from_utf8_lossy(records));
        }
    }
}
