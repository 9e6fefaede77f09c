//! One 512-byte tar header: ustar, GNU, and what came before both.
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html> and `tar.h` of GNU tar.

/// The unit of a tar.
pub const BLOCK: usize = 512;

/// A header block whose checksum holds.
pub struct Header<'a>(&'a [u8]);

impl<'a> Header<'a> {
    /// The header of a block of 512 bytes, if its checksum holds, computed over bytes as unsigned or, as some old
    /// writers had it, as signed.
    pub fn parse(block: &'a [u8]) -> Option<Self> {
        let header = Self(block.get(..BLOCK)?);
        let written = octal(header.field(148, 8))?;
        // Whole slices are summed by the processor's vectors; the checksum's own field counts as eight blanks.
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        let unsigned = sum(header.0) - sum(header.field(148, 8)) + 8 * u64::from(b' ');
        let holds = written == unsigned || written.cast_signed() == header.signed(unsigned);
        holds.then_some(header)
    }

    /// The checksum over signed bytes: every byte from 0x80 up counts 256 less.
    fn signed(&self, unsigned: u64) -> i64 {
        let high = |bytes: &[u8]| bytes.iter().filter(|byte| **byte >= 0x80).count();
        let high = high(self.0) - high(self.field(148, 8));
        unsigned.cast_signed() - 256 * i64::try_from(high).unwrap_or(0)
    }

    fn field(&self, start: usize, length: usize) -> &'a [u8] {
        &self.0[start..start + length]
    }

    fn text(&self, start: usize, length: usize) -> &'a [u8] {
        let field = self.field(start, length);
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// What kind of member this is.
    pub fn typeflag(&self) -> u8 {
        self.0[156]
    }

    /// The path in the header itself, which an extension header may override.
    pub fn path(&self) -> Vec<u8> {
        let name = self.text(0, 100);
        let is_posix = self.field(257, 6) == b"ustar\0";
        let prefix = if is_posix { self.text(345, 155) } else { b"" };
        if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    /// The link target in the header itself.
    pub fn link(&self) -> &'a [u8] {
        self.text(157, 100)
    }

    /// Bytes of content that follow, padded to whole blocks; `None` for what is no number, or a negative one.
    pub fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    /// Permissions.
    pub fn mode(&self) -> u16 {
        u16::try_from(number(self.field(100, 8)).unwrap_or(0) & 0o7777).unwrap_or(0)
    }

    /// Of an old GNU sparse member (type `S`): the logical size, and whether extension blocks follow.
    pub fn gnu_sparse(&self) -> Option<(u64, bool)> {
        Some((number(self.field(483, 12))?, self.0[482] != 0))
    }
}

/// A number as tars hold it: octal digits, or base 256 where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        // The second bit is the sign; no size, owner or date of a layer is negative.
        [first, ..] if first & 0xc0 == 0xc0 => None,
        [first, rest @ ..] if first & 0x80 != 0 => {
            rest.iter().try_fold(u64::from(first & 0x3f), |value, byte| {
                value.checked_mul(256)?.checked_add(u64::from(*byte))
            })
        }
        _ => octal(field),
    }
}

/// Octal digits between blanks; an empty field is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !blank(byte)).unwrap_or(field.len());
    let digits = field[start..].split(blank).next().unwrap_or_default();
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256_and_never_negative() {
        assert_eq!(number(b"00000000644\0"), Some(0o644));
        assert_eq!(number(b"     644    "), Some(0o644));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(1 << 33));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None, "minus one");
        assert_eq!(number(b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None, "more than 64 bits");
        assert_eq!(number(b"12x4"), None);
    }
}
