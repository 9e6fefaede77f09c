//! Layers as text, made into tars byte by byte, so that nothing is out of reach: wrong sizes, missing ends, lying names.

/// A tar in the making.
#[derive(Debug, Clone, Default)]
pub struct Tar(pub Vec<u8>);

/// One header, as its fields are; [`Tar::member`] writes it.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    pub path: &'a [u8],
    pub typeflag: u8,
    pub size: u64,
    pub link: &'a [u8],
    pub mode: u32,
    pub uid: u32,
    pub mtime: u32,
}

impl<'a> Header<'a> {
    pub fn new(path: &'a [u8], typeflag: u8) -> Self {
        Self { path, typeflag, size: 0, link: b"", mode: 0o644, uid: 0, mtime: 1_700_000_000 }
    }
}

impl Tar {
    /// A layer as text, one member a line (or between semicolons):
    ///
    /// ```text
    /// dir/                a directory
    /// path 100            a file of 100 bytes; `path 100 b` has other bytes
    /// path -> target      a symbolic link
    /// path => target      a hard link
    /// .wh.name            a file without bytes, so whiteouts need nothing of their own
    /// ```
    ///
    /// `mode=`, `uid=` and `mtime=` after a member set what they say; `xattr=NAME` gives it an extended attribute.
    pub fn text(text: &str) -> Self {
        let mut tar = Self::default();
        for line in text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
            tar.line(line);
        }
        tar
    }

    fn line(&mut self, line: &str) {
        let mut words: Vec<_> = line.split_whitespace().collect();
        let path = words.remove(0);
        let (mut header, mut seed) = (Header::new(path.as_bytes(), b'0'), "a");
        if path.ends_with('/') {
            header.typeflag = b'5';
        }
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match (word, word.split_once('=')) {
                ("->", _) => (header.typeflag, header.link) = (b'2', words.next().unwrap().as_bytes()),
                ("=>", _) => (header.typeflag, header.link) = (b'1', words.next().unwrap().as_bytes()),
                (_, Some(("mode", mode))) => header.mode = u32::from_str_radix(mode, 8).unwrap(),
                (_, Some(("uid", uid))) => header.uid = uid.parse().unwrap(),
                (_, Some(("mtime", mtime))) => header.mtime = mtime.parse().unwrap(),
                (_, Some(("xattr", name))) => self.pax(b'x', &[(&format!("SCHILY.xattr.user.{name}"), b"1")]),
                _ if word.parse::<u64>().is_ok() => header.size = word.parse().unwrap(),
                _ => seed = word,
            }
        }
        let content = content(header.size, seed);
        self.member(&header, &content);
    }

    /// A header and its content, padded; what the header says of the size need not be true.
    pub fn member(&mut self, header: &Header<'_>, content: &[u8]) {
        let mut block = [0_u8; 512];
        let put = |block: &mut [u8; 512], at: usize, bytes: &[u8]| {
            block[at..at + bytes.len()].copy_from_slice(bytes);
        };
        put(&mut block, 0, &header.path[..header.path.len().min(100)]);
        put(&mut block, 100, format!("{:07o}", header.mode).as_bytes());
        put(&mut block, 108, format!("{:07o}", header.uid).as_bytes());
        put(&mut block, 116, b"0000000");
        put(&mut block, 124, format!("{:011o}", header.size).as_bytes());
        put(&mut block, 136, format!("{:011o}", header.mtime).as_bytes());
        put(&mut block, 156, &[header.typeflag]);
        put(&mut block, 157, &header.link[..header.link.len().min(100)]);
        put(&mut block, 257, b"ustar\x0000");
        self.block(block, content);
    }

    /// A header block as it is, with a checksum that holds, and its content.
    pub fn block(&mut self, mut block: [u8; 512], content: &[u8]) {
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0.extend_from_slice(&block);
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
    }

    /// A PAX extended header: `x` for the next member, `g` for all that follow.
    pub fn pax(&mut self, typeflag: u8, records: &[(&str, &[u8])]) {
        let mut text = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3; // blank, equals sign, line feed
            let mut length = rest + 1;
            while length != rest + length.to_string().len() {
                length = rest + length.to_string().len();
            }
            text.extend_from_slice(format!("{length} {key}=").as_bytes());
            text.extend_from_slice(value);
            text.push(b'\n');
        }
        let header = Header { size: text.len() as u64, ..Header::new(b"PaxHeaders.0/made", typeflag) };
        self.member(&header, &text);
    }

    /// GNU's long name (`L`) or long link (`K`) for the next member.
    pub fn long(&mut self, typeflag: u8, name: &[u8]) {
        let name = [name, b"\0"].concat();
        self.member(&Header { size: name.len() as u64, ..Header::new(b"././@LongLink", typeflag) }, &name);
    }

    /// A file of `size` bytes.
    pub fn file(&mut self, path: &[u8], size: u64) {
        self.member(&Header { size, ..Header::new(path, b'0') }, &content(size, "a"));
    }

    /// The tar with the two blocks of zeros that end it.
    pub fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

/// Bytes that compress a little, as those of real files do; the same for the same size and seed.
pub fn content(size: u64, seed: &str) -> Vec<u8> {
    let mut state = seed.bytes().fold(size ^ 0x9e37_79b9_7f4a_7c15, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes()[..2]);
        bytes.extend_from_slice(b"of a file ");
    }
    bytes.truncate(usize::try_from(size).unwrap());
    bytes
}
