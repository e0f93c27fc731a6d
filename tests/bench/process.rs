//! What the kernel reports about processes: CPU time, memory, children. Linux only (`/proc`).
//! Elsewhere the answers are `None` and the report shows a dash, because figures from another
//! source would not be comparable.

use std::fs;
use std::time::Duration;

/// Files that the largest scenario needs in one process, with some room.
const FILES: libc::rlim_t = 65_536;

/// This process's id.
pub fn own_id() -> u32 {
    std::process::id()
}

/// CPU time used so far by all threads that a process has now. Unlike `/proc/PID/stat`, which counts
/// hundredths of a second, `schedstat` counts nanoseconds: eight links cost a hub some ms a second.
pub fn cpu_time(id: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{id}/task")).ok()?;
    let nanoseconds = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    nanoseconds.reduce(|one, other| one + other).map(Duration::from_nanos)
}

/// Resident memory of a process, in MiB.
pub fn memory(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// The ids of a process and of all its descendants.
pub fn family(ancestor: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter(|id| std::iter::successors(Some(*id), |id| parent(*id)).any(|id| id == ancestor))
        .collect()
}

/// The name of a process's program.
pub fn program(id: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
    Some(name.trim().to_owned())
}

/// The load averages of the machine over 1, 5 and 15 minutes.
pub fn load_average() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

/// Lets this process and its children open as many files as 10,000 clients need, or as many as the
/// system allows. Returns how many.
#[allow(unsafe_code, reason = "the standard library has no call for it")]
pub fn raise_file_limit() -> usize {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: all calls only read or write the struct that they are given.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return 0;
        }
        let wanted = limit.rlim_max.max(FILES);
        let beyond = libc::rlimit {
            rlim_cur: wanted,
            rlim_max: wanted,
        };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const beyond) == 0 {
            return wanted as usize;
        }
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
    }
    limit.rlim_cur as usize
}

/// Kills a process group at once.
#[allow(unsafe_code, reason = "the standard library ends single processes only")]
pub fn kill_group(leader: u32) {
    if let Ok(id) = libc::pid_t::try_from(leader)
        && id > 1
    {
        // SAFETY: the call touches no memory of ours.
        unsafe {
            libc::kill(-id, libc::SIGKILL);
        }
    }
}

fn parent(id: u32) -> Option<u32> {
    stat(id)?.get(1)?.parse().ok().filter(|parent| *parent > 1)
}

/// The fields of `/proc/PID/stat` after the program's name, which may contain spaces. The first is
/// the state.
fn stat(id: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split(' ').map(ToOwned::to_owned).collect())
}
