//! An invented git repository, the same each time: made by `git fast-import`, packed as a clone is.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Commits, those of merges among them.
pub(crate) const COMMITS: u32 = 30_000;
/// After each this number of commits, the next ones go to a branch that is merged.
const MERGE_EACH: u32 = 75;
/// Commits of such a branch.
const BRANCH: u32 = 5;
/// Version tags.
pub(crate) const TAGS: u32 = 60;
const FILES: usize = 3_000;
const LINES: usize = 60;
const FILES_PER_COMMIT: usize = 5;
const START: u32 = 1_500_000_000;
const SECONDS_BETWEEN: u32 = 3_600;

/// A sequence that looks random and is always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}

/// Makes the repository, bare.
pub(crate) fn make(directory: &Path) -> Result<()> {
    git(directory, &["init", "--quiet", "--bare", "--initial-branch=main", "."])?;
    let mut import = Command::new("git")
        .current_dir(directory)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .context("git fast-import does not start")?;
    let mut stream = BufWriter::new(import.stdin.take().context("git fast-import reads nothing")?);
    write(&mut stream)?;
    drop(stream);
    ensure!(import.wait()?.success(), "git fast-import failed");
    // as in a clone: one pack, no commit graph
    git(directory, &["-c", "repack.writeBitmaps=false", "repack", "-a", "-d", "-f", "--quiet"])
}

fn git(directory: &Path, arguments: &[&str]) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let status = Command::new("git").current_dir(directory).args(arguments).status().context("git is missing")?;
    ensure!(status.success(), "git {arguments:?} failed");
    Ok(())
}

fn write(stream: &mut impl Write) -> Result<()> {
    let mut dice = Dice(7);
    let mut files: Vec<Vec<String>> =
        (0..FILES).map(|file| (0..LINES).map(|line| format!("line {line} of file {file}")).collect()).collect();
    let mut main_tip = None;
    let mut number = 0;
    while number < COMMITS {
        let branching = number % MERGE_EACH == 0 && number > 0 && number + BRANCH < COMMITS;
        if branching {
            let mut tip = main_tip;
            for _ in 0..BRANCH {
                number += 1;
                commit(stream, "refs/heads/topic", number, [tip, None], &mut dice, &mut files)?;
                tip = Some(number);
            }
            number += 1;
            commit(stream, "refs/heads/main", number, [main_tip, tip], &mut dice, &mut files)?;
        } else {
            number += 1;
            commit(stream, "refs/heads/main", number, [main_tip, None], &mut dice, &mut files)?;
        }
        main_tip = Some(number);
        if number / (COMMITS / TAGS) > (number - 1) / (COMMITS / TAGS) {
            let version = number / (COMMITS / TAGS);
            writeln!(stream, "reset refs/tags/v1.{version}.0\nfrom :{number}\n")?;
        }
    }
    writeln!(stream, "reset refs/heads/topic\nfrom 0000000000000000000000000000000000000000\n\ndone")?;
    Ok(())
}

/// One commit. A merge changes nothing itself: it takes over what its branch has changed.
fn commit(
    stream: &mut impl Write,
    branch: &str,
    number: u32,
    [parent, merged]: [Option<u32>; 2],
    dice: &mut Dice,
    files: &mut [Vec<String>],
) -> Result<()> {
    let time = START + number * SECONDS_BETWEEN;
    let author = dice.below(40);
    let message = match merged {
        Some(_) => format!("Merge pull request #{number} from example/topic-{number}\n\nChange {number}\n"),
        None => format!("Change {number}\n\nWhy it was made, in a sentence of the usual length or so.\n"),
    };
    writeln!(stream, "commit {branch}\nmark :{number}")?;
    writeln!(stream, "author Author {author} <author{author}@example.org> {} +0100", time - 1_800)?;
    writeln!(stream, "committer Author {author} <author{author}@example.org> {time} +0100")?;
    writeln!(stream, "data {}\n{message}", message.len())?;
    if let Some(parent) = parent {
        writeln!(stream, "from :{parent}")?;
    }
    if let Some(merged) = merged {
        writeln!(stream, "merge :{merged}")?;
    }
    for _ in 0..FILES_PER_COMMIT {
        let name = dice.below(FILES);
        let Some(file) = files.get_mut(name) else { continue };
        if merged.is_none() {
            let line = dice.below(LINES);
            if let Some(line) = file.get_mut(line) {
                *line = format!("line of commit {number}, {}", dice.below(1_000_000));
            }
        }
        let text = file.join("\n");
        writeln!(stream, "M 100644 inline src/{}/{name}.txt\ndata {}\n{text}", name % 60, text.len())?;
    }
    writeln!(stream)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_same_each_time_and_as_large_as_it_says() -> Result<()> {
        let mut one = Vec::new();
        write(&mut one)?;
        let text = String::from_utf8(one)?;
        let count = |what: &str| text.lines().filter(|line| line.starts_with(what)).count();
        assert_eq!(count("mark :"), COMMITS as usize);
        assert_eq!(count("reset refs/tags/"), TAGS as usize);
        assert!(count("merge :") > 300);
        Ok(())
    }
}
