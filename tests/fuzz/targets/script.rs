//! The lines of the target `hub`. A letter says what happens, the rest is its text. An unreadable
//! line does nothing.
//!
//! | line | what happens |
//! | --- | --- |
//! | `u TEXT` | upstream sends a frame; `$now` in it is the current second |
//! | `o` · `d STATUS TEXT` | the upgrade succeeds · is refused |
//! | `x` | the connection is lost |
//! | `r STATUS TEXT` · `f` | the running REST call is answered · fails |
//! | `j N` · `l N` | client N joins (0 and 1 speak plain JSON, 2 and 3 `hamster.v1`) · leaves |
//! | `c N TEXT` · `b N BYTES` | client N sends text · a binary frame |
//! | `a N` · `q N ADDED` | client N acknowledges · reconnects with its cursor plus what is added |
//! | `g SYMBOLS` | a REST waiter asks |
//! | `t MS` | time passes |
//! | `z` · `k` | the hub is evicted while its sockets hibernate · killed |
//! | `w TEXT` | it is killed, and storage holds this checkpoint afterwards |
//! | `s` | storage starts to reject writes, or accepts them again |
//! | `h` | the event loop hangs from now on, or runs again |

use super::stage::Stage;
use hamster_terminal::hub::ClientId;

/// The longest time that one line may let pass. Reconnects, refreshes and staleness take much less.
const LONGEST_WAIT: u64 = 130_000;

pub fn perform(stage: &mut Stage, line: &str) {
    let mut letters = line.chars();
    let letter = letters.next().unwrap_or_default();
    let text = letters.as_str();
    let text = text.strip_prefix(' ').unwrap_or(text);
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let number = || first.parse::<u64>().unwrap_or_default();
    let client = || ClientId((number() % 4) as u32);
    match letter {
        'u' => stage.upstream_says(text),
        'o' => stage.upstream_opens(),
        'x' => stage.upstream_is_lost(),
        'd' => stage.upstream_refuses(number() as u16, rest),
        'r' => stage.rest_answers(number() as u16, rest),
        'f' => stage.rest_fails(),
        'j' => stage.client_joins(client()),
        'l' => stage.client_leaves(client()),
        'c' => stage.client_says(client(), rest),
        'b' => stage.client_says_binary(client(), rest.parse().unwrap_or_default()),
        'a' => stage.client_acknowledges(client()),
        'q' => stage.client_resumes(client(), position(rest).unwrap_or_default()),
        'g' => stage.reader_comes(text),
        't' => stage.wait(number().min(LONGEST_WAIT)),
        'z' => stage.evict(),
        'k' => stage.kill(),
        'w' => stage.kill_and_find(text),
        's' => stage.storage_changes(),
        'h' => stage.loop_hangs ^= true,
        _ => {}
    }
}

/// `+1 -2 0`: what a client adds to its cursor.
pub fn position(text: &str) -> Option<[i64; 3]> {
    let mut numbers = text.split_whitespace().map(|word| word.parse::<i64>().ok());
    let position = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(position)
}
