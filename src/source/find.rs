//! Bare names: a path that exists, else an image of a daemon, else of a registry. Where none of them has it, the error
//! says what each of them answered.

use super::access::Place;
use super::daemon::{self, Engine};
use super::open::{file, no_file, split_tag};
use super::{Access, Passerby, Source, registry};
use crate::error::{Error, Result};
use crate::reference::Scheme;

/// Opens the first that is there.
pub fn open(place: &str, access: &Access, passerby: &mut dyn Passerby) -> Result<Box<dyn Source>> {
    if access.may(Place::File)
        && let Some((path, tag)) = split_tag(place)
    {
        return file(path, tag, Scheme::Any, passerby, &access.limits);
    }
    // What can only be a path is looked for nowhere else.
    if is_path(place) {
        return Err(no_file(place));
    }
    let mut answers = Answers::default();
    if access.may(Place::File) {
        answers.add(no_file(place));
    }
    for (allowed, engine) in [(Place::Docker, Engine::Docker), (Place::Podman, Engine::Podman)] {
        let is_asked = access.from.contains(&allowed);
        if is_asked || (access.may(allowed) && daemon::is_likely(engine, access)) {
            match daemon::open(engine, place, access, passerby) {
                Ok(source) => return Ok(source),
                Err(error) => answers.add(error),
            }
        }
    }
    if access.may(Place::Registry) {
        match registry::open(place, access) {
            Ok(source) => return Ok(source),
            Err(error) => answers.add(error),
        }
    }
    Err(answers.error(place))
}

/// Whether a name is written as a path: no image is called `./app`, `/app` or `app.tar`.
fn is_path(place: &str) -> bool {
    let endings = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".json"];
    place.starts_with(['/', '.', '~'])
        || place.ends_with('/')
        || endings.iter().any(|ending| place.to_ascii_lowercase().ends_with(ending))
}

/// What was answered, in the order in which it was asked.
#[derive(Default)]
struct Answers(Vec<Error>);

impl Answers {
    fn add(&mut self, error: Error) {
        self.0.push(error);
    }

    fn error(mut self, place: &str) -> Error {
        if self.0.len() == 1
            && let Some(only) = self.0.pop()
        {
            return only;
        }
        let Some(last) = self.0.last() else {
            return no_file(place);
        };
        let kind = last.kind;
        let answers: Vec<_> = self.0.iter().map(|error| error.message.as_str()).collect();
        Error::new(kind, answers.join("; "))
            .hint("check the name, or say where to look: docker:NAME, podman:NAME, registry:NAME, --from")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_a_path_is_a_path() {
        for path in ["./app", "/tmp/app", "../app", "app.tar", "out/app.TAR.GZ", "dir/"] {
            assert!(is_path(path), "{path}");
        }
        for name in ["app", "app:1.0", "localhost:5000/app", "tar", "team/app.tarball"] {
            assert!(!is_path(name), "{name}");
        }
    }
}
