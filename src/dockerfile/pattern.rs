//! The patterns of `${name#pattern}`: `*` and `?`, a backslash before a literal one, and no brackets.
//! <https://docs.docker.com/reference/dockerfile/#environment-replacement>
//!
//! Every function spends a budget of steps and yields `None` once it is gone: both pattern and value are the file's.

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Literal(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Literal(characters.next().unwrap_or('\\')),
            literal => Token::Literal(literal),
        });
    }
    tokens
}

/// The budget is gone.
struct Spent;

fn spend(budget: &mut usize, steps: usize) -> Result<(), Spent> {
    *budget = budget.checked_sub(steps).ok_or(Spent)?;
    Ok(())
}

/// How many characters of `value`, from its start, the pattern can cover: the fewest, or the most.
fn covered(
    value: &[char],
    tokens: &[Token],
    longest: bool,
    budget: &mut usize,
) -> Result<Option<usize>, Spent> {
    let mut states = vec![false; tokens.len() + 1];
    states[0] = true;
    let mut found = None;
    for at in 0..=value.len() {
        spend(budget, tokens.len() + 1)?;
        for state in 0..tokens.len() {
            states[state + 1] |= states[state] && tokens[state] == Token::Any;
        }
        if states[tokens.len()] {
            found = Some(at);
            if !longest {
                break;
            }
        }
        let Some(character) = value.get(at).filter(|_| states.contains(&true)) else { break };
        for state in (0..=tokens.len()).rev() {
            let stays = tokens.get(state) == Some(&Token::Any) && states[state];
            let comes = state > 0
                && states[state - 1]
                && match tokens[state - 1] {
                    Token::Any => false,
                    Token::One => true,
                    Token::Literal(literal) => literal == *character,
                };
            states[state] = stays || comes;
        }
    }
    Ok(found)
}

/// `value` without the shortest or longest start that matches.
pub fn trim_start(value: &str, pattern: &str, longest: bool, budget: &mut usize) -> Option<String> {
    let value: Vec<char> = value.chars().collect();
    let length = covered(&value, &tokens(pattern), longest, budget).ok()?.unwrap_or(0);
    Some(value[length..].iter().collect())
}

/// `value` without the shortest or longest end that matches.
pub fn trim_end(value: &str, pattern: &str, longest: bool, budget: &mut usize) -> Option<String> {
    let mut value: Vec<char> = value.chars().rev().collect();
    let mut tokens = tokens(pattern);
    tokens.reverse();
    let length = covered(&value, &tokens, longest, budget).ok()?.unwrap_or(0);
    value.drain(..length);
    Some(value.into_iter().rev().collect())
}

/// `value` with the first match, or with all of them, replaced by `with`. A match is as long as it can be.
pub fn replace(value: &str, pattern: &str, with: &str, all: bool, budget: &mut usize) -> Option<String> {
    let value: Vec<char> = value.chars().collect();
    let tokens = tokens(pattern);
    let mut out = String::new();
    let mut at = 0;
    while at < value.len() {
        match covered(&value[at..], &tokens, true, budget).ok()? {
            Some(length) if length > 0 => {
                out.push_str(with);
                at += length;
                if !all {
                    break;
                }
            }
            _ => {
                out.push(value[at]);
                at += 1;
            }
        }
        spend(budget, with.len()).ok()?;
    }
    out.extend(&value[at..]);
    Some(out)
}
