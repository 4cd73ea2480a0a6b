//! `sei`: see `sei --help`.

fn main() -> std::process::ExitCode {
    sei::cli::main()
}
