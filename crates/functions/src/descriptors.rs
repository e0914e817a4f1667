//! Descriptors that processes would inherit. What we open is closed when another program is executed;
//! what was open when we were started need not be.

use std::fs;

use tracing::warn;

/// Says which descriptors whoever started this process left open for programs that it starts: to
/// close those is theirs, for in safe code it cannot be ours.
pub(crate) fn warn_of_inherited_descriptors() {
    for (number, target) in inherited() {
        warn!(
            descriptor = number,
            %target,
            "functions can use a descriptor that this server was started with"
        );
    }
}

/// Beyond the standard ones, which functions do not get.
fn inherited() -> Vec<(u32, String)> {
    let Ok(open) = fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(|&number| number > 2 && !closes_on_exec(number)).map(with_target).collect()
}

fn with_target(number: u32) -> (u32, String) {
    let target = fs::read_link(format!("/proc/self/fd/{number}")).unwrap_or_default();
    (number, target.display().to_string())
}

fn closes_on_exec(number: u32) -> bool {
    // O_CLOEXEC, as Linux writes it in octal.
    const CLOSE_ON_EXEC: u32 = 0o2_000_000;
    let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { return true };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| flags & CLOSE_ON_EXEC != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rust_opens_is_not_inherited() {
        let before = inherited();
        let file = fs::File::open("/proc/self/status").unwrap();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let pipe = std::io::pipe().unwrap();
        assert_eq!(inherited(), before);
        drop((file, socket, pipe));
    }
}
