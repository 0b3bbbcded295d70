//! The version of the libpcap that this process runs with.
//!
//! `pcap_lib_version` would say it, but the pcap crate does not offer it, and this crate holds no unsafe code to
//! call it with. The loader knows which file it took, and that file's name ends in the version:
//! `/usr/lib/x86_64-linux-gnu/libpcap.so.1.10.3`.

/// The version and the file, where the system tells.
pub fn libpcap() -> Option<(String, String)> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(mapped)
}

/// What a line of `/proc/PID/maps` says of libpcap; the path stands behind five other fields.
fn mapped(line: &str) -> Option<(String, String)> {
    let path = line.get(line.find('/')?..)?;
    let (_, version) = path.rsplit_once("/libpcap.so.")?;
    let is_version = version.contains('.') && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_version.then(|| (version.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_is_its_version() {
        let line = "7f12 r--p 00000000 08:01 42     /usr/lib/libpcap.so.1.10.3";
        assert_eq!(mapped(line), Some(("1.10.3".to_owned(), "/usr/lib/libpcap.so.1.10.3".to_owned())));
        for other in
            ["7f12 r--p 0 08:01 42  /usr/lib/libpcap.so.1", "7f12 r--p 0 08:01 42  /usr/lib/libc.so.6", ""]
        {
            assert_eq!(mapped(other), None, "{other}");
        }
    }
}
