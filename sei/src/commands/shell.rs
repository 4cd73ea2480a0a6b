//! `sei completions` and `sei man`: what shells and `man` know of the command line, made from it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use crate::output;

const EXAMPLES: &str = "\
Examples:
  sei completions bash > ~/.local/share/bash-completion/completions/sei
  sei completions zsh > ~/.zfunc/_sei
  sei completions fish > ~/.config/fish/completions/sei.fish";

/// Print a shell completion script
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "sei", &mut script);
        output::print_bytes(&script)
    }
}

/// Print the manual page, or write those of all commands
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// A directory for the pages of all commands, a file each; without it the page of `sei` is printed
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self, command: Command) -> Result<()> {
        if let Some(directory) = &self.directory {
            let written =
                std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
            return written.with_context(|| format!("the pages can't be written into `{}`", directory.display()));
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        output::print_bytes(&page)
    }
}
