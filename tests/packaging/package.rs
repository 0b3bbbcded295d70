//! What `cargo package` ships: all that the build needs, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn listed() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            found.insert(path.to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn the_crate_ships_its_sources_and_nothing_else() {
    let mut expected = BTreeSet::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut expected);
    assert!(expected.contains("src/build.rs") && expected.contains("src/report/json/schema.json"));
    expected
        .extend(["Cargo.lock", "Cargo.toml", "Cargo.toml.orig", "LICENSE", "README.md"].map(str::to_owned));
    let mut listed = listed();
    // cargo's own note of the commit, where there is one.
    listed.remove(".cargo_vcs_info.json");
    assert_eq!(listed, expected);
}
