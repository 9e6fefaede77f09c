//! Reduces contents while the walk goes on, on a pool of threads with deep stacks: whoever parses source code recurses as
//! deeply as the code does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::evidence::{Reduced, Wants};
use crate::limits::LARGE;

/// Address space, which costs memory only where it is used.
const STACK: usize = 512 << 20;
/// Bytes of content that may wait for their turn; a walk that is faster waits too.
const WAITING: u64 = 64 << 20;

/// Takes the position of a member, its path and its content.
pub(super) type Reducer<'a> = dyn Fn(u32, Vec<u8>, Vec<u8>) + 'a;

/// Runs a walk with a reducer, and returns what was reduced with what the walk returns. Without one where nothing is
/// ever wanted reduced.
pub(super) fn with_reducer<R>(
    wants: &dyn Wants,
    walk: impl FnOnce(Option<&Reducer<'_>>) -> R,
) -> (R, Vec<(u32, Reduced)>) {
    let Some(pool) = wants.reduces().then(pool).flatten() else { return (walk(None), Vec::new()) };
    let (reduced, waiting) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    let outcome = {
        let (reduced, waiting) = (&reduced, &waiting);
        let run = move |position: u32, path: Vec<u8>, content: Vec<u8>| {
            if let Some(made) = wants.reduce(&path, &content) {
                reduced.lock().unwrap_or_else(PoisonError::into_inner).push((position, made));
            }
        };
        pool.in_place_scope(|scope| {
            let reducer = |position: u32, path: Vec<u8>, content: Vec<u8>| {
                let length = content.len() as u64;
                let is_full = waiting.fetch_add(length, Ordering::Relaxed) + length > WAITING;
                if is_full && length > LARGE {
                    // Whoever waits for another pool takes up other work meanwhile, and that may want a large file too,
                    // of which there is one at a time. Only programs are so large, and nobody recurses into them.
                    run(position, path, content);
                    waiting.fetch_sub(length, Ordering::Relaxed);
                } else if is_full {
                    pool.install(|| run(position, path, content));
                    waiting.fetch_sub(length, Ordering::Relaxed);
                } else {
                    scope.spawn(move |_| {
                        run(position, path, content);
                        waiting.fetch_sub(length, Ordering::Relaxed);
                    });
                }
            };
            walk(Some(&reducer))
        })
    };
    (outcome, reduced.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// One pool for all layers; `None` where the machine has no room for one.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| ThreadPoolBuilder::new().stack_size(STACK).build().ok()).as_ref()
}
