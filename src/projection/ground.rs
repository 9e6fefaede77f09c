//! What variants are projected from: everything that is known of an image, and what is asked of it again and again.

use std::collections::BTreeSet;

use super::base::Base;
use super::wrapper;
use crate::advice::Finding;
use crate::audit::Audit;
use crate::audit::command::{self, Started};
use crate::audit::linked::{self, Links};
use crate::audit::native::Linked;
use crate::audit::system::Installed;
use crate::dockerfile::Mapping;
use crate::image::{Image, config::Execution};
use crate::ledger::{ChainView, EntryId, Ledger, OwnerId, PathId};
use crate::owners::Ownership;

/// Everything that is known of an image.
pub struct Ground<'a> {
    /// The image.
    pub image: &'a Image,
    /// Its Dockerfile, where there is one.
    pub mapping: Option<&'a Mapping>,
    /// Its entries.
    pub ledger: &'a Ledger,
    /// What the rules found.
    pub told: &'a [Finding],
    /// The same, and what was too little to be told.
    pub findings: Vec<&'a Finding>,
    /// What its application reaches.
    pub audit: &'a Audit,
    /// The image as a container sees it.
    pub view: ChainView<'a>,
    /// Every path that a container sees and its entry, directories too.
    pub live: Vec<(PathId, EntryId)>,
    /// The packages of the system.
    pub installed: Installed,
    /// What its command starts.
    pub started: Started,
    /// What an image without a shell starts: the same, but for a script that only hands its words on.
    pub alone: Started,
    /// What stands in place of that script, where there is one.
    pub direct: Option<Vec<String>>,
    /// The major version of the Node that is there.
    pub node: Option<String>,
    /// What it could stand on.
    pub bases: Vec<Base>,
}

impl<'a> Ground<'a> {
    /// Gathers it.
    pub fn new(
        image: &'a Image,
        mapping: Option<&'a Mapping>,
        ledger: &'a Ledger,
        ownership: &Ownership,
        (told, minor): (&'a [Finding], &'a [Finding]),
        audit: &'a Audit,
    ) -> Self {
        let view = ChainView::last(ledger);
        let paths = (0..u32::try_from(ledger.tree.len()).unwrap_or(0)).map(PathId);
        let live = paths.filter_map(|path| Some((path, view.at(path)?))).collect();
        let installed = Installed::read(&view, ownership);
        let execution = &image.config.config;
        let started = command::follow(&view, execution);
        let direct = wrapper::direct(&view, execution);
        let alone = direct.as_ref().map_or_else(
            || started.clone(),
            |entrypoint| {
                command::follow(&view, &Execution { entrypoint: entrypoint.clone(), ..execution.clone() })
            },
        );
        let findings = told.iter().chain(minor).collect();
        let node = ownership
            .packages
            .iter()
            .find(|package| matches!(package.id.as_str(), "runtime:node" | "dpkg:nodejs"))
            .map(|package| package.version.split('.').next().unwrap_or_default().to_owned());
        Self {
            image,
            mapping,
            ledger,
            told,
            findings,
            audit,
            view,
            live,
            installed,
            started,
            alone,
            direct,
            node,
            bases: Vec::new(),
        }
    }

    /// How many of the lowest layers are the base's.
    pub fn base_layers(&self) -> usize {
        self.image.base.as_ref().map_or(0, |base| base.layers)
    }

    /// Whether an entry is of this build, and not of its base.
    pub fn is_own(&self, id: EntryId) -> bool {
        usize::from(self.ledger.entry(id).layer.0) >= self.base_layers()
    }

    /// Every file and link that a container sees: every name that is no directory.
    pub fn names(&self) -> BTreeSet<PathId> {
        let is_name = |(_, id): &&(PathId, EntryId)| !self.ledger.entry(*id).is_directory();
        self.live.iter().filter(is_name).map(|(path, _)| *path).collect()
    }

    /// The Debian package of an entry.
    pub fn debian(&self, id: EntryId) -> Option<&str> {
        debian(self.ledger.owner_name(self.ledger.entry(id).owner))
    }

    /// Whether an entry is the system's: a package's, or what a package manager keeps for itself.
    pub fn is_system(&self, id: EntryId) -> bool {
        let owner = self.ledger.owner_name(self.ledger.entry(id).owner);
        let managers = ["dpkg", "apt", "debconf", "apk", "rpm", "dnf"];
        managers.iter().any(|manager| {
            owner.strip_prefix(manager).is_some_and(|rest| rest.starts_with(':') || rest.starts_with(" ("))
        })
    }

    /// What everything that is not the system's and not `gone` is linked to, all the way down, and what is started.
    pub fn links(&self, gone: &BTreeSet<PathId>, started: &Started) -> Links {
        let mut owners = BTreeSet::new();
        for (_, id) in &self.live {
            if !self.is_system(*id) {
                owners.insert(self.ledger.entry(*id).owner);
            }
        }
        let mut starts = linked::extensions(&self.view, &owners);
        starts.retain(|path| !gone.contains(path));
        starts.extend(&started.programs);
        linked::follow(&self.view, &starts)
    }

    /// The Debian packages among the owners that something is linked to.
    pub fn linked_packages(&self, links: &Links) -> BTreeSet<String> {
        let name = |owner: &OwnerId| debian(self.ledger.owner_name(*owner)).map(ToOwned::to_owned);
        links.owners.keys().filter_map(name).collect()
    }

    /// The module of Python that the command starts, where it names one.
    pub fn module(&self) -> Option<String> {
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let (name, _) = self.started.modules.first().filter(|(name, _)| !name.is_empty() && is_name(name))?;
        Some(name.clone())
    }

    /// What the headers of an ELF file say, where it was looked at.
    pub fn linked(&self, path: PathId) -> Option<&Linked> {
        self.view.reduced(path)?.downcast_ref::<Linked>()
    }

    /// A path as it is written in a Dockerfile.
    pub fn shown(&self, path: PathId) -> Option<String> {
        // What is no UTF-8 cannot be named there.
        let text = String::from_utf8(self.ledger.tree.bytes(path)).ok()?;
        let is_plain = !text.chars().any(char::is_control);
        is_plain.then(|| format!("/{text}"))
    }
}

/// `libc6` of `dpkg:libc6:amd64`.
fn debian(owner: &str) -> Option<&str> {
    owner.strip_prefix("dpkg:").map(|name| name.split(':').next().unwrap_or(name))
}
