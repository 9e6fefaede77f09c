//! Damages bytes as libFuzzer does, but the same way every time.

/// A small generator of numbers; the same seed gives the same ones.
pub struct Random(u64);

impl Random {
    pub fn new(name: &str, round: u64) -> Self {
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, |state: u64, byte| {
            (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = Self(seed ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end as u64).max(1)).unwrap_or(0)
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// Words that parsers stumble over.
const WORDS: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\n\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\"",
    b"'",
    b"\\",
    b"/",
    b"../",
    b"../../../../etc/passwd",
    b"//",
    b"/./",
    b",",
    b";",
    b":",
    b"=",
    b"#",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"*",
    b"**/",
    b"?",
    b"$",
    b"${a:-b}",
    b"`",
    b"<",
    b">",
    b"&",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e400",
    b"18446744073709551615",
    b"9223372036854775808",
    b"NaN",
    b"null",
    b"true",
    b"\xff\xff\xff\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x9a\xa2",
    b"[[[[[[[[",
    b"{{{{{{{{",
];
/// Numbers at the edges of their types.
const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fffe,
    u64::MAX,
];

/// A damaged copy of one of the seeds.
pub fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        once(&mut bytes, seeds, random);
    }
    bytes.truncate(4 << 20);
    bytes
}

/// A place: often near the front or the end, where formats keep their tables.
fn place(length: usize, random: &mut Random) -> usize {
    match random.below(4) {
        0 => random.below(length.min(512)),
        1 => length.saturating_sub(1 + random.below(length.min(4096))),
        _ => random.below(length),
    }
}

fn once(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = place(bytes.len(), random);
    let end = (at + 1 + random.below(64)).min(bytes.len());
    match random.below(12) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        2 if at < bytes.len() => {
            bytes[at] = random.pick(&[&0_u8, &0xff, &b'9', &b'\n', &b'/', &0x7f, &0x80]).to_owned();
        }
        3 | 4 if at < bytes.len() => {
            let number = NUMBERS[random.below(NUMBERS.len())];
            let number = if random.below(4) == 0 { bytes.len() as u64 } else { number };
            let (width, is_big) = (1 << random.below(4), random.below(2) == 0);
            let mut raw = number.to_le_bytes()[..width].to_vec();
            if is_big {
                raw.reverse();
            }
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&raw[..end - at]);
        }
        5 if at < bytes.len() => drop(bytes.drain(at..end)),
        6 if at < bytes.len() => {
            let copy = bytes[at..end].to_vec();
            let times = 1 + random.below(8);
            let copy = copy.repeat(times);
            bytes.splice(at..at, copy);
        }
        7 => bytes.truncate(at),
        8 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len());
            let to = (from + 1 + random.below(512)).min(other.len());
            let piece = other.get(from..to).unwrap_or_default().to_vec();
            bytes.splice(at.min(bytes.len())..at.min(bytes.len()), piece);
        }
        9 if at < bytes.len() => {
            // A digit of a number that is written out.
            if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_digit) {
                bytes[at + digit] = b'0' + u8::try_from(random.below(10)).unwrap_or(0);
            }
        }
        _ => {
            let word = random.pick(WORDS);
            let at = at.min(bytes.len());
            if random.below(2) == 0 {
                bytes.splice(at..at, word.iter().copied());
            } else {
                let end = (at + word.len()).min(bytes.len());
                bytes.splice(at..end, word.iter().copied());
            }
        }
    }
}
