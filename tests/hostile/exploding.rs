//! Small things that stand for large ones: ELF files, sources, Dockerfiles and rules that would take all time or memory.

use crate::common::image::{Pack, Scratch, layout, tars};
use crate::common::layer::{Header, Tar};
use crate::{file, prints};

#[test]
fn an_elf_file_whose_names_overlap_is_read_in_time() {
    // Sixty thousand sections, and as many symbols, that all have one name of sixteen megabytes.
    let (count, names) = (60_000_u32, 16 << 20);
    let mut elf = vec![0_u8; 64];
    elf.extend(std::iter::repeat_n(b'x', names));
    let symbols = elf.len();
    for _ in 0..count {
        elf.extend_from_slice(&[0, 0, 0, 0, 2, 0, 1, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    }
    let table = elf.len();
    let section = |kind: u32, offset: usize, size: usize, link: u32| {
        let mut header = [0_u8; 64];
        header[4..8].copy_from_slice(&kind.to_le_bytes());
        header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        header[40..44].copy_from_slice(&link.to_le_bytes());
        header
    };
    elf.extend_from_slice(&[0; 64]);
    elf.extend_from_slice(&section(3, 64, names, 0));
    elf.extend_from_slice(&section(2, symbols, count as usize * 24, 1));
    for _ in 0..count {
        elf.extend_from_slice(&section(1, 0, 0, 0));
    }
    elf[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
    elf[40..48].copy_from_slice(&(table as u64).to_le_bytes());
    elf[54] = 56;
    elf[58] = 64;
    elf[60..62].copy_from_slice(&u16::try_from(count + 3).unwrap().to_le_bytes());
    elf[62] = 1;
    let mut tar = Tar::default();
    tar.member(&Header { size: elf.len() as u64, mode: 0o755, ..Header::new(b"usr/bin/x", b'0') }, &elf);
    tar.member(
        &Header { size: elf.len() as u64, mode: 0o755, ..Header::new(b"usr/lib/libx.so.1", b'0') },
        &elf,
    );
    let scratch = Scratch::new();
    for pack in [Pack::Plain, Pack::Gzip] {
        let image = scratch.layout(&format!("{pack:?}"), &layout(&[tar.clone().end()], pack));
        assert_eq!(prints(&["analyze", &image]).0, Some(0));
        assert_eq!(prints(&["audit", &image]).0, Some(0));
    }
}

#[test]
fn sources_that_nest_without_end_do_not_overflow_the_stack() {
    let length = 1_000_000;
    let nested = |open: &str, end: &str| format!("{}{end}", open.repeat(length / open.len()));
    let mut tar = Tar::default();
    file(&mut tar, "usr/lib/python3/site-packages/x-1.dist-info/METADATA", b"Name: x\nVersion: 1\n");
    for (number, open) in [
        "(",
        "[",
        "{",
        "-",
        "not ",
        "lambda:",
        "a+",
        "a.",
        "x if y else ",
        "f(",
        "a[",
        "await ",
        "*",
        "f'{",
        "a and ",
    ]
    .iter()
    .enumerate()
    {
        file(&mut tar, &format!("app/p{number}.py"), nested(open, "1\n").as_bytes());
    }
    for (number, open) in [
        "(",
        "[",
        "{",
        "!",
        "-",
        "a=>",
        "a+",
        "a.",
        "x?y:",
        "f(",
        "`${",
        "new ",
        "if(a)",
        "if(a);else ",
        "<a>",
        "a+\n",
        "function a(){",
        "a??",
        "({a:",
    ]
    .iter()
    .enumerate()
    {
        file(&mut tar, &format!("app/j{number}.js"), nested(open, "1\n").as_bytes());
        file(&mut tar, &format!("app/t{number}.ts"), nested(open, "1\n").as_bytes());
    }
    file(&mut tar, "app/package.json", b"{\"name\":\"app\",\"dependencies\":{\"x\":\"1\"}}");
    file(&mut tar, "app/requirements.txt", format!("x ; {}os_name=='a'\n", "(".repeat(100_000)).as_bytes());
    file(&mut tar, "app/pyproject.toml", format!("a = {}\n", "[".repeat(100_000)).as_bytes());
    file(&mut tar, "app/deep.toml", format!("{} = 1\n", "a.".repeat(50_000) + "a").as_bytes());
    let scratch = Scratch::new();
    let image = scratch.layout("image", &layout(&[tar.end()], Pack::Gzip));
    for command in ["audit", "advise"] {
        // All of it is more than so small an image may ask for.
        assert_eq!(prints(&[command, &image]).0, Some(2), "{command}");
        assert_eq!(prints(&[command, &image, "--limit", "memory=4G"]).0, Some(0), "{command}");
    }
}

#[test]
fn a_dockerfile_of_a_megabyte_is_read() {
    let scratch = Scratch::new();
    let image = scratch.layout("image", &layout(&tars(&["a 5", "b 6"]), Pack::Gzip));
    let line = "RUN apt-get update && apt-get install -y a b c && rm -rf /x # as long as a line is\n";
    let texts = [
        format!("FROM a\n{}", line.repeat((1 << 20) / line.len())),
        format!("FROM a\nRUN {}\n", "a && ".repeat(200_000)),
        format!("FROM a\nENV A={}\n", "${A:-".repeat(200_000)),
        format!("FROM a\nRUN <<E\n{}E\n", "x\n".repeat(500_000)),
        format!("FROM a\nRUN {}\n", "\\\n".repeat(500_000)),
        (0..40_000).fold(String::new(), |text, stage| text + &format!("FROM a AS s{stage}\n")),
        format!("FROM a\nCOPY {} /x\n", "a ".repeat(500_000)),
        format!("FROM a\nCMD {}\n", "[".repeat(1 << 20)),
        format!("FROM a\nARG A=x\nENV {}\n", "A=$A$A ".repeat(100_000)),
    ];
    for (number, text) in texts.iter().enumerate() {
        let file = scratch.file(&format!("Dockerfile{number}"), text.as_bytes());
        prints(&["advise", &image, "-f", &file]);
    }
}

#[test]
fn rules_with_patterns_that_would_explode_are_refused_or_matched() {
    let scratch = Scratch::new();
    let deep = format!("{} 5", "a/".repeat(40) + &"a".repeat(90));
    let mut tar = Tar::default();
    let path = deep.split(' ').next().unwrap();
    for number in 0..200 {
        file(&mut tar, &format!("{path}{number}"), b"x");
    }
    let image = scratch.layout("image", &layout(&[tar.end()], Pack::Gzip));
    let rule =
        std::fs::read_to_string(format!("{}/rules/apt-lists.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let paths = rule.lines().find(|line| line.starts_with("paths")).unwrap().to_owned();
    for (number, pattern) in [
        "**/".repeat(5000) + "x",
        "*a".repeat(5000),
        "{a,".repeat(1000) + &"}".repeat(1000),
        "[".repeat(10_000),
        "?".repeat(10_000),
        "a*".repeat(30) + "b",
        "/**/a/**/a/**/a/**/b".to_owned(),
        format!("/{}", "{a,b}".repeat(40)),
        format!("/{}", "{a/b,c}".repeat(40)),
        format!("/**/{}**", "*/".repeat(2000)),
        "../**".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let directory = format!("{}/rules{number}", scratch.path());
        std::fs::create_dir_all(&directory).unwrap();
        let text = rule.replace(&paths, &format!("paths = [\"{pattern}\"]"));
        std::fs::write(format!("{directory}/apt-lists.toml"), text).unwrap();
        prints(&["analyze", &image, "--rules", &directory]);
    }
}
