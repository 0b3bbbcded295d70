//! The `wscale` binary: everything is in the library, so that it can be embedded and tested.

use std::process::ExitCode;

fn main() -> ExitCode {
    wscale::cli::run(std::env::args_os())
}
