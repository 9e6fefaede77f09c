//! How one thing leads to another, best first.

/// How an edge leads from one module or package to the next. The order is that of certainty: a path is as good as its
/// worst edge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Imported when the importing module is.
    #[default]
    Hard,
    /// Imported too, but the importer does without: `try: import x` `except ImportError:`.
    Guarded,
    /// What an extension module needs cannot be read; it is taken to need what its distribution requires.
    Opaque,
    /// `DT_NEEDED` of an ELF file.
    Native,
    /// Imported in a function, or by something that promises to when it is needed.
    Lazy,
    /// A literal names it, and some framework may load it.
    String,
    /// Registered in an entry-point group that is asked for.
    Plugin,
    /// Only the metadata say so.
    Metadata,
    /// For type checkers, or for a system that the image is not: no edge at all.
    Typing,
}

impl Tier {
    /// The tiers that are followed, best first.
    pub const FOLLOWED: [Self; 7] =
        [Self::Hard, Self::Guarded, Self::Opaque, Self::Native, Self::Lazy, Self::String, Self::Plugin];

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Guarded => "guarded",
            Self::Opaque => "opaque",
            Self::Native => "native",
            Self::Lazy => "lazy",
            Self::String => "string",
            Self::Plugin => "plugin",
            Self::Metadata => "metadata",
            Self::Typing => "typing",
        }
    }

    /// The same as a verb of a sentence: `a imports b`.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Hard => "imports",
            Self::Guarded => "imports if it is there",
            Self::Opaque => "may import, being compiled,",
            Self::Native => "is linked to",
            Self::Lazy => "imports when needed",
            Self::String => "names",
            Self::Plugin => "loads as plugin",
            Self::Metadata => "requires",
            Self::Typing => "mentions in types",
        }
    }

    /// Whether code that starts runs it, unless something fails.
    pub fn runs_at_start(self) -> bool {
        self <= Self::Native
    }
}
