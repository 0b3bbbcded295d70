//! The completions load in their shells, and complete commands, options and values.

use std::fs;
use std::path::Path;

use crate::program::{commands, has, quietly, wscale};

/// What is typed, and what must be among the answers.
const TYPED: [(&str, &str); 3] = [
    ("wscale comp", "compare"),
    ("wscale analyze --jo", "--join"),
    ("wscale live --format mark", "markdown"),
];

fn write(shell: &str, folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, wscale(&["completions", shell])).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn bash_completes() {
    if !has("bash", "bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = write("bash", folder.path(), "wscale");
    for (typed, answer) in TYPED {
        let script = r#"
            set -eu
            source "$1"
            read -ra COMP_WORDS <<< "$2"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            function=$(complete -p wscale | sed 's/.*-F \([^ ]*\) .*/\1/')
            "$function" wscale "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}""#;
        let answers = quietly("bash", &["--norc", "-c", script, "bash", &file, typed]);
        assert!(answers.lines().any(|line| line == answer), "{typed}: {answers}");
    }
}

#[test]
fn fish_completes() {
    if !has("fish", "fish") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = write("fish", folder.path(), "wscale.fish");
    for (typed, answer) in TYPED {
        let script = format!("source {file}; complete -C '{typed}'");
        let answers = quietly("fish", &["--no-config", "-c", &script]);
        // A description follows behind a tab.
        assert!(answers.lines().any(|line| line.split('\t').next() == Some(answer)), "{typed}: {answers}");
    }
}

/// zsh completes only in an interactive line, and has a module that types into one.
#[test]
fn zsh_completes() {
    if !has("zsh", "zsh") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    write("zsh", folder.path(), "_wscale");
    let folder = folder.path().to_str().unwrap();
    for (typed, answer) in TYPED {
        let script = r#"
            zmodload zsh/zpty
            zpty line zsh -f -i
            zpty -w line "PS1=; stty -echo; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; \
                zstyle ':completion:*' list-colors; LISTMAX=1000; print ready-\$_comps[wscale]"
            zpty -r line output '*ready-_wscale*'
            zpty -n -w line "$2"$'\t'
            zpty -r line output "*$3*"
            print -r -- $output
            zpty -d line"#;
        let answers = quietly("timeout", &["20", "zsh", "-f", "-c", script, "zsh", folder, typed, answer]);
        assert!(answers.contains(answer), "{typed}: {answers}");
    }
}

/// PowerShell is not in Debian: the script is read, not run.
#[test]
fn every_shell_gets_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = wscale(&["completions", shell]);
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
}
