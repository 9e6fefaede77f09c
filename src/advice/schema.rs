//! The form of a rule file: what toml and serde check, and then everything that types cannot say. Every complaint has
//! a place in the file.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::matcher;
use super::message::Message;
use super::rule::{
    Case, ChangeKind, Detector, FateName, Fault, FindingForm, Fix, Keyword, Match, Per, Rule, Safety,
};
use super::scene::Scene;
use crate::ledger::Category;
use crate::size::parse_si;

/// The version of the form that this program reads.
const SCHEMA: u32 = 1;

/// What is wrong with a file, and where; bytes of its text.
pub type Complaint = (Range<usize>, String);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    title: Spanned<String>,
    category: Fault,
    safety: Safety,
    since: String,
    references: Spanned<Vec<Spanned<String>>>,
    why: Spanned<String>,
    #[serde(default)]
    aliases: Vec<Spanned<String>>,
    r#match: Spanned<MatchForm>,
    finding: Spanned<Form>,
    fix: Spanned<Fix>,
    #[serde(default)]
    test: Vec<CaseForm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct MatchForm {
    #[serde(default)]
    paths: Vec<Spanned<String>>,
    #[serde(default)]
    except: Vec<Spanned<String>>,
    #[serde(default)]
    fate: Vec<FateName>,
    #[serde(default)]
    owner: Vec<Spanned<String>>,
    #[serde(default)]
    category: Vec<CategoryName>,
    #[serde(default)]
    instruction: Vec<Keyword>,
    detector: Option<Detector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Form {
    per: Per,
    at_least: Spanned<String>,
    message: Spanned<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CaseForm {
    name: String,
    frees: u64,
    image: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct CategoryName(Category);

impl TryFrom<String> for CategoryName {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        Category::from_id(&id).map(Self).ok_or_else(|| {
            let known: Vec<_> = Category::ALL.iter().map(|category| format!("`{category}`")).collect();
            format!("unknown category `{id}`, expected one of {}", known.join(", "))
        })
    }
}

/// Reads the rule `id` from its text.
pub fn parse(id: &str, text: &str) -> Result<Rule, Complaint> {
    let file: File = toml::from_str(text)
        .map_err(|error| (error.span().unwrap_or(0..0), error.message().trim_end().replace('\n', "; ")))?;
    check_head(id, &file)?;
    let matches = file.r#match.get_ref();
    check_match(matches, &file.r#match, file.fix.get_ref().change, &file.fix)?;
    let finding = check_finding(matches, file.finding.get_ref())?;
    let tests = check_cases(&file.test, text.len())?;
    Ok(Rule {
        id: id.to_owned(),
        title: file.title.into_inner(),
        category: file.category,
        safety: file.safety,
        since: file.since,
        references: plain(file.references.get_ref()),
        why: file.why.into_inner(),
        aliases: plain(&file.aliases),
        matches: Match {
            paths: plain(&matches.paths),
            except: plain(&matches.except),
            fate: matches.fate.clone(),
            owner: plain(&matches.owner),
            category: matches.category.iter().map(|name| name.0).collect(),
            instruction: matches.instruction.clone(),
            detector: matches.detector,
        },
        finding,
        fix: file.fix.into_inner(),
        tests,
    })
}

fn plain(values: &[Spanned<String>]) -> Vec<String> {
    values.iter().map(|value| value.get_ref().clone()).collect()
}

/// Whether a text can be a rule's id: lower-case words joined by hyphens.
fn is_id(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.split('-').all(word)
}

fn check_head(id: &str, file: &File) -> Result<(), Complaint> {
    if !is_id(id) {
        return Err((
            0..0,
            format!("the file name `{id}` cannot be an id: lower-case words joined by hyphens"),
        ));
    }
    if *file.schema.get_ref() != SCHEMA {
        return Err((
            file.schema.span(),
            format!("this program reads schema {SCHEMA}, expected `schema = {SCHEMA}`"),
        ));
    }
    for text in [&file.title, &file.why] {
        if text.get_ref().trim().is_empty() {
            return Err((text.span(), "expected a text that says something".to_owned()));
        }
    }
    if let Some(alias) = file.aliases.iter().find(|alias| !is_id(alias.get_ref())) {
        return Err((alias.span(), "expected an id: lower-case words joined by hyphens".to_owned()));
    }
    let references = file.references.get_ref();
    if references.is_empty() {
        return Err((file.references.span(), "expected at least one public page that says more".to_owned()));
    }
    match references.iter().find(|reference| !reference.get_ref().starts_with("https://")) {
        Some(reference) => {
            Err((reference.span(), "expected an address that starts with https://".to_owned()))
        }
        None => Ok(()),
    }
}

fn check_match(
    matches: &MatchForm,
    span: &Spanned<MatchForm>,
    change: ChangeKind,
    fix: &Spanned<Fix>,
) -> Result<(), Complaint> {
    let positive = matches.paths.len() + matches.owner.len() + matches.category.len() + matches.fate.len();
    if positive == 0 && matches.detector.is_none() {
        let message = "the rule would match every file, expected one of `paths`, `fate`, `owner`, `category`, `detector`";
        return Err((span.span(), message.to_owned()));
    }
    for path in matches.paths.iter().chain(&matches.except) {
        matcher::path_glob(path.get_ref()).map_err(|message| (path.span(), message))?;
    }
    for owner in &matches.owner {
        matcher::owner_glob(owner.get_ref()).map_err(|message| (owner.span(), message))?;
    }
    if change == ChangeKind::DropCopies && !matches.detector.is_some_and(Detector::names_copies) {
        let message =
            "`drop-copies` needs a detector that names copies: `copy-up`, `base-copy-up`, `duplicates`";
        return Err((fix.span(), message.to_owned()));
    }
    Ok(())
}

fn check_finding(matches: &MatchForm, form: &Form) -> Result<FindingForm, Complaint> {
    let at_least = parse_si(form.at_least.get_ref()).ok_or_else(|| {
        (form.at_least.span(), "expected a size with a unit out of B, kB, MB, GB: \"100 kB\"".to_owned())
    })?;
    let hidden = matches!(matches.detector, Some(Detector::Overwritten | Detector::CopyUp))
        || (!matches.fate.is_empty() && !matches.fate.contains(&FateName::Live));
    let message = form.message.get_ref();
    if let Some(complaint) =
        message.placeholders().find_map(|placeholder| placeholder.missing(form.per, hidden))
    {
        return Err((form.message.span(), complaint.to_owned()));
    }
    Ok(FindingForm { per: form.per, at_least, message: message.clone() })
}

fn check_cases(cases: &[CaseForm], end: usize) -> Result<Vec<Case>, Complaint> {
    for case in cases {
        Scene::parse(case.image.get_ref()).map_err(|message| {
            (case.image.span(), format!("the image of test `{}`, {message}", case.name))
        })?;
    }
    let frees = cases.iter().any(|case| case.frees > 0);
    if !frees || cases.iter().all(|case| case.frees > 0) {
        let missing = if frees { "must not match: `frees = 0`" } else { "matches: `frees` above 0" };
        return Err((end..end, format!("expected a [[test]] with an image that the rule {missing}")));
    }
    let plain = |case: &CaseForm| Case {
        name: case.name.clone(),
        frees: case.frees,
        image: case.image.get_ref().clone(),
    };
    Ok(cases.iter().map(plain).collect())
}
