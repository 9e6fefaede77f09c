//! The crate of a Rust symbol. Formats: the Rust reference, "Symbol Mangling" (v0), and the older one that looks like C++'s.

/// The crate that a mangled name belongs to; `None` where it is no Rust symbol.
pub fn crate_of(symbol: &[u8]) -> Option<&str> {
    let name = if let Some(path) = symbol.strip_prefix(b"_R") {
        v0(path)?
    } else {
        legacy(symbol.strip_prefix(b"_ZN")?)?
    };
    let name = std::str::from_utf8(name).ok()?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
}

/// `3std2io4Read17h0123456789abcdefE`. The hash tells it from C++.
fn legacy(path: &[u8]) -> Option<&[u8]> {
    let (first, mut rest) = counted(path)?;
    let mut last = first;
    while rest.first() != Some(&b'E') {
        (last, rest) = counted(rest)?;
    }
    let is_hash = last.len() == 17 && last.starts_with(b"h") && last[1..].iter().all(u8::is_ascii_hexdigit);
    if !is_hash {
        return None;
    }
    // An implementation is written `<type as trait>`, with its punctuation spelled out: `_$LT$alloc..vec..Vec$LT$T$GT$…`.
    let first = first.strip_prefix(b"_").filter(|rest| rest.starts_with(b"$")).unwrap_or(first);
    let mut at = first;
    while let Some(escaped) = at.strip_prefix(b"$") {
        let end = escaped.iter().position(|byte| *byte == b'$')?;
        at = &escaped[end + 1..];
        at = at
            .strip_prefix(b"mut ")
            .or_else(|| at.strip_prefix(b"dyn "))
            .or_else(|| at.strip_prefix(b"u20$"))
            .unwrap_or(at);
    }
    let end = at.iter().position(|byte| matches!(byte, b'.' | b'$')).unwrap_or(at.len());
    // A bare type, such as `&str`, belongs to who implements the trait, which stands behind `as`.
    let is_path = at[end..].starts_with(b"..") || at.len() == first.len() && end == at.len();
    if is_path {
        return Some(&at[..end]);
    }
    let mark = b"$u20$as$u20$";
    let of_trait = first
        .windows(mark.len())
        .position(|window| window == mark)
        .map(|found| &first[found + mark.len()..])?;
    let end = of_trait.iter().position(|byte| matches!(byte, b'.' | b'$'))?;
    Some(&of_trait[..end])
}

/// A length in decimal and as many bytes.
fn counted(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = path.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(path.get(..digits)?).ok()?.parse().ok()?;
    path.get(digits..)?.split_at_checked(length)
}

/// How often a path is followed; no compiler nests so deep.
const MOST_STEPS: usize = 1024;

/// Where the number ends that stands here: 11 digits to the base of 62 hold every one of 64 bits.
fn underscore(digits: &[u8]) -> Option<usize> {
    digits.iter().take(12).position(|byte| *byte == b'_')
}

/// Follows a v0 path to its crate. An implementation belongs to the crate that it is written in.
fn v0(path: &[u8]) -> Option<&[u8]> {
    let mut at = path;
    // Every step takes a byte off or goes back, and going back must end.
    let mut left = MOST_STEPS;
    loop {
        left = left.checked_sub(1)?;
        let (tag, rest) = at.split_first()?;
        at = match tag {
            b'C' => {
                let name = undisambiguated(rest)?;
                let punycode = name.strip_prefix(b"u").unwrap_or(name);
                let digits = punycode.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
                let length: usize = std::str::from_utf8(&punycode[..digits]).ok()?.parse().ok()?;
                let name = &punycode[digits..];
                // A name that starts with a digit or an underscore has one before it.
                let name =
                    if name.get(length).is_some() { name.strip_prefix(b"_").unwrap_or(name) } else { name };
                return name.get(..length);
            }
            // N namespace path identifier
            b'N' => rest.get(1..)?,
            // M and X: the path of the implementation comes first.
            b'M' | b'X' => undisambiguated(rest)?,
            b'B' => {
                let end = underscore(rest)?;
                path.get(base62(&rest[..end])?..)?
            }
            b'L' => rest.get(underscore(rest)? + 1..)?,
            // I path arguments; Y type trait; types around a path; a version of the mangling.
            b'I' | b'Y' | b'R' | b'Q' | b'P' | b'O' | b'S' | b'A' | b'T' | b'0'..=b'9' => rest,
            _ => return None,
        };
    }
}

fn undisambiguated(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.strip_prefix(b"s") {
        Some(rest) => rest.get(underscore(rest)? + 1..),
        None => Some(bytes),
    }
}

/// `_` is 0, `0_` is 1.
fn base62(digits: &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for digit in digits {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'z' => digit - b'a' + 10,
            b'A'..=b'Z' => digit - b'A' + 36,
            _ => return None,
        };
        number = number.checked_mul(62)?.checked_add(usize::from(value))?;
    }
    if digits.is_empty() { Some(0) } else { number.checked_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_of_a_symbol() {
        for (symbol, expected) in [
            ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core"),
            (
                "_ZN63_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..clone..Clone$GT$5clone17h0123456789abcdefE",
                "alloc",
            ),
            ("_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE", "core"),
            ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.123", "core"),
            ("_RNvC6_123foo3bar", "123foo"),
            ("_RNvNtCs1234_7mycrate3foo3bar", "mycrate"),
            ("_RINvNtC3std3mem8align_ofdE", "std"),
            ("_RNvXs_NtCskTGbW5hZUvx_4core3fmtRhNtB4_5Debug3fmt", "core"),
            ("_RNvMs0_NtCs1_5alloc3vecINtB5_3VechE4push", "alloc"),
        ] {
            assert_eq!(crate_of(symbol.as_bytes()), Some(expected), "{symbol}");
        }
        for symbol in
            ["_ZN3foo3barEv", "main", "_R", "_RB_", "_RNvB0_", "_ZN", "_ZN99999999x", "_RC999999999999x"]
        {
            assert_eq!(crate_of(symbol.as_bytes()), None, "{symbol}");
        }
    }
}
