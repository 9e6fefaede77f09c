//! A stage as the checks look at it: its commands, its variables, and where its paths are.

use crate::dockerfile::instruction::{Dockerfile, Instruction, Keyword};
use crate::dockerfile::shell::{Command, commands};
use crate::dockerfile::words::pairs;
use crate::path::ImagePath;

/// What variables tell the package managers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings {
    /// `PIP_NO_CACHE_DIR`.
    pub pip_without_cache: bool,
    /// `UV_NO_CACHE`.
    pub uv_without_cache: bool,
    /// `NODE_ENV=production`.
    pub node_production: bool,
}

impl Settings {
    fn learn(&mut self, name: &str, value: &str) {
        let value = value.trim_matches(['"', '\'']);
        let on = !matches!(value, "" | "0" | "false" | "no" | "off");
        match name {
            "PIP_NO_CACHE_DIR" => self.pip_without_cache = on,
            "UV_NO_CACHE" => self.uv_without_cache = on,
            "NODE_ENV" => self.node_production = value == "production",
            _ => {}
        }
    }
}

/// An instruction of a stage with what was true when it ran.
pub struct Step<'a> {
    /// Itself.
    pub instruction: &'a Instruction,
    /// The commands of a `RUN`.
    pub commands: Vec<Command>,
    /// Where relative paths start.
    pub directory: ImagePath,
    /// What `ENV` and `ARG` before it tell the package managers.
    pub settings: Settings,
    /// Whether its layer is part of the image.
    pub ships: bool,
    /// The stage it stands in.
    pub stage: usize,
}

impl Step<'_> {
    /// A path of a command or instruction as seen from the working directory.
    pub fn path(&self, path: &str) -> ImagePath {
        self.directory.join(path.trim_end_matches("/*"))
    }

    /// Whether `path` is a mount of this `RUN`, so that nothing under it stays in the layer.
    pub fn is_mounted(&self, path: &str) -> bool {
        let path = ImagePath::new(path);
        self.instruction.flags("mount").any(|mount| {
            mount
                .split(',')
                .filter_map(|part| part.split_once('='))
                .filter(|(key, _)| matches!(*key, "target" | "dst" | "destination"))
                .any(|(_, target)| path.is_within(&ImagePath::new(target)))
        })
    }

    /// Whether the same `RUN` deletes `path` or what holds it.
    pub fn removes(&self, path: &str) -> bool {
        let path = ImagePath::new(path);
        self.removed().any(|removed| path.is_within(&removed))
    }

    /// What the `RUN` deletes.
    pub fn removed(&self) -> impl Iterator<Item = ImagePath> {
        let rm = self.commands.iter().filter(|command| command.program() == "rm");
        // `~` and `$HOME` are root's here, as they are in most builds.
        let paths = rm.flat_map(Command::operands);
        let paths = paths.map(|path| path.replacen("~/", "/root/", 1).replace("$HOME", "/root"));
        paths.map(|path| self.path(&path)).filter(|path| !path.is_root())
    }
}

/// The steps of every stage; a stage that starts from another one goes on where that ended.
pub fn steps(file: &Dockerfile) -> Vec<Step<'_>> {
    let ships = file.chain(file.stages.len().saturating_sub(1));
    let mut ends: Vec<(ImagePath, Settings)> = Vec::new();
    let mut steps = Vec::new();
    for (number, stage) in file.stages.iter().enumerate() {
        let before = file.chain(number).iter().rev().nth(1).and_then(|before| ends.get(*before));
        let (mut directory, mut settings) = before.cloned().unwrap_or_default();
        for instruction in file.body(stage) {
            let commands = match instruction.keyword {
                Keyword::Run => commands(instruction, &file.text),
                _ => Vec::new(),
            };
            steps.push(Step {
                instruction,
                commands,
                directory: directory.clone(),
                settings,
                ships: ships.contains(&number),
                stage: number,
            });
            match (instruction.keyword, &instruction.arguments) {
                (Keyword::Workdir, _) => directory = directory.join(instruction.text().trim_matches('"')),
                (Keyword::Env | Keyword::Arg, crate::dockerfile::Arguments::Text(text)) => {
                    for (name, value) in pairs(text, file.escape).unwrap_or_default() {
                        settings.learn(name, value);
                    }
                }
                _ => {}
            }
        }
        ends.push((directory, settings));
    }
    steps
}
