//! Links of Markdown files lead to files and headings that are there, and the documentation site has every document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use regex::Regex;

use crate::architecture::{files, root};

/// What lists the pages of the documentation site.
const SUMMARY: &str = "docs/SUMMARY.md";

/// The lines of a Markdown file outside of blocks of code.
fn outside_of_code(markdown: &str) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            lines.push(line);
        }
    }
    lines
}

/// The targets of inline links, images, in Markdown and in HTML, and link definitions.
fn links(markdown: &str) -> Vec<String> {
    let text = outside_of_code(markdown).join("\n");
    let without_code: String = text.split('`').step_by(2).collect::<Vec<_>>().join("|");
    let link = Regex::new(r#"(?m)\]\(([^()\s]+)(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s*(\S+)|\bsrc="([^"]+)""#).unwrap();
    let targets = link.captures_iter(&without_code).filter_map(|found| (1..=3).find_map(|group| found.get(group)));
    targets.map(|target| target.as_str().to_owned()).collect()
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    let text = link.replace_all(heading.trim(), "$1").to_lowercase();
    let kept = text.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}

/// The anchors of all headings; a second heading of the same words gets `-1`.
fn anchors(markdown: &str) -> BTreeSet<String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for line in outside_of_code(markdown) {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        if (1..=6).contains(&level) && heading.starts_with(' ') {
            let anchor = anchor(heading);
            let before = times.entry(anchor.clone()).or_default();
            all.insert(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
            *before += 1;
        }
    }
    all
}

/// The path from the root of the repository of what a page links to, unless it is outside.
fn resolved(page: &Path, target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for component in page.parent()?.join(target).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            other => path.push(other),
        }
    }
    Some(path)
}

/// The names of all files from the root, and the texts of Markdown files.
fn repository() -> Result<(BTreeSet<PathBuf>, BTreeMap<PathBuf, String>)> {
    let root = root();
    let mut names = BTreeSet::new();
    let mut pages = BTreeMap::new();
    for file in files()? {
        let name = file.strip_prefix(&root)?.to_owned();
        if name.extension().is_some_and(|extension| extension == "md") {
            pages.insert(name.clone(), std::fs::read_to_string(&file)?);
        }
        names.insert(name);
    }
    Ok((names, pages))
}

#[test]
fn every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading() -> Result<()> {
    let (names, pages) = repository()?;
    let mut broken = String::new();
    for (page, text) in &pages {
        for link in links(text).iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (target, anchor) = link.split_once('#').unwrap_or((link.as_str(), ""));
            let path = if target.is_empty() { Some(page.clone()) } else { resolved(page, target) };
            // a directory is there if a file is in it
            let there = path.as_ref().is_some_and(|path| names.iter().any(|name| name.starts_with(path)));
            let linked = path.as_ref().and_then(|path| pages.get(path));
            if !there {
                broken.push_str(&format!("{}: `{link}` leads to no file\n", page.display()));
            } else if !anchor.is_empty() && linked.is_some_and(|text| !anchors(text).contains(anchor)) {
                broken.push_str(&format!("{}: `{link}` leads to no heading\n", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links of documents that lead nowhere:\n{broken}");
    Ok(())
}

#[test]
fn the_documentation_site_has_every_document_and_connector() -> Result<()> {
    let (_, pages) = repository()?;
    let summary = Path::new(SUMMARY);
    let listed: BTreeSet<PathBuf> = links(&pages[summary]).iter().filter_map(|link| resolved(summary, link)).collect();
    let missing: Vec<&PathBuf> = pages
        .keys()
        .filter(|page| page.starts_with("docs") || page.starts_with("collectors/connectors"))
        .filter(|page| page.as_path() != summary && !listed.contains(*page))
        .collect();
    assert!(missing.is_empty(), "{SUMMARY} lacks {missing:?}");
    Ok(())
}

#[test]
fn links_and_anchors_are_found_as_they_are_shown() {
    let text = "# A `b_c` [link](x.md)!\n## Same\n## Same\n```\n# no heading, [no](link.md)\n```\nand `[no](link.md)`, \
                [`code`](a.md#b) ![image](i.webp \"title\")\n\n[ref]: r.md\n<img src=\"h.webp\">\n";
    assert_eq!(links(text), ["x.md", "a.md#b", "i.webp", "r.md", "h.webp"]);
    let expected = ["a-b_c-link", "same", "same-1"].map(str::to_owned);
    assert_eq!(anchors(text), BTreeSet::from(expected));
    assert_eq!(resolved(Path::new("docs/a.md"), "../README.md"), Some(PathBuf::from("README.md")));
    assert_eq!(resolved(Path::new("docs/a.md"), "../../README.md"), None);
}
