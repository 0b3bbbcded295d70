//! Golden files: what was printed once, looked at, and must stay.

use std::fs;
use std::path::Path;

/// Compares with `tests/golden/<folder>/<name>`; UPDATE_GOLDEN=1 rewrites it.
pub(crate) fn golden(folder: &str, name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder).join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
}
