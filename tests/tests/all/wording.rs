//! Documents, settings, help texts, the page, and the names, comments and texts of the code use the words of the field.
//! Code in Markdown and between backticks is not prose, so names of settings and fields may be anything there. Nor is a
//! literal without a space, such as a vendor's word or a path.

use std::fmt::Write as _;

use anyhow::Result;
use tests::Program;

use crate::architecture::{files, root};
use crate::lexer::{Kind, tokens};

/// Words and phrases that `sei` does not use, with what it uses instead.
const WORDS: &[(&str, &str)] = &[
    ("told", "reported, received or stated"),
    ("tell", "report, state or show"),
    ("tells", "reports, states or shows"),
    ("said", "stated or reported"),
    ("telling", "reporting or stating"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("mending", "fixing"),
    ("picture", "version or snapshot"),
    ("pictures", "versions or snapshots"),
    ("judged", "eligible or determined"),
    ("judge", "determine or check"),
    ("judges", "determines or checks"),
    ("somebody", "a noun: client, user, process"),
    ("everybody", "a noun: people, users"),
    ("anybody", "a noun: any client, any user"),
    ("nobody", "a noun: no client, no user"),
    ("whoever", "a noun: client, user"),
    ("stepped over", "skipped"),
    ("passed by", "skipped"),
    ("passes by", "skips, or is transient"),
    ("becomes of", "outcome or mapping"),
    ("became of", "outcome"),
    ("so many", "number of"),
    ("manieth", "every nth"),
    ("that is none", "is not a"),
    ("of which it", "a direct sentence"),
    ("well again", "service was restored"),
    ("outside of any change", "direct commit"),
    ("outside any change", "direct commit"),
    ("stopped to be a draft", "was marked ready for review"),
    ("rather than advanced", "rework: unplanned, fixes a user-facing fault"),
    ("look after", "manage"),
    ("looks after", "manages"),
    ("fewest who", "smallest set of contributors who"),
    ("stale subject", "invalidated service"),
    ("again and again", "repeatedly"),
    ("patience", "timeout"),
    ("apart", "separate"),
    ("anew", "again"),
    ("folder", "directory"),
    ("folders", "directories"),
    ("closing", "close event"),
    ("analyse", "analyze"),
    ("analysed", "analyzed"),
    ("artefact", "artifact"),
    ("artefacts", "artifacts"),
    ("authorise", "authorize"),
    ("authorised", "authorized"),
    ("behaviour", "behavior"),
    ("behaviours", "behaviors"),
    ("cancelled", "canceled"),
    ("cancelling", "canceling"),
    ("catalogue", "catalog"),
    ("catalogues", "catalogs"),
    ("centre", "center"),
    ("colour", "color"),
    ("coloured", "colored"),
    ("colours", "colors"),
    ("favour", "favor"),
    ("honour", "honor"),
    ("honoured", "honored"),
    ("honours", "honors"),
    ("initialise", "initialize"),
    ("initialised", "initialized"),
    ("labelled", "labeled"),
    ("licence", "license"),
    ("licences", "licenses"),
    ("modelled", "modeled"),
    ("neighbour", "neighbor"),
    ("neighbouring", "neighboring"),
    ("neighbours", "neighbors"),
    ("normalise", "normalize"),
    ("normalised", "normalized"),
    ("normaliser", "normalizer"),
    ("normalisers", "normalizers"),
    ("normalises", "normalizes"),
    ("optimise", "optimize"),
    ("optimised", "optimized"),
    ("organisation", "organization"),
    ("organisations", "organizations"),
    ("recognise", "recognize"),
    ("recognised", "recognized"),
    ("serialise", "serialize"),
    ("serialised", "serialized"),
    ("serialises", "serializes"),
    ("summarise", "summarize"),
    ("summarised", "summarized"),
];

/// This file, whose texts are the words themselves.
const OWN_FILE: &str = "tests/tests/all/wording.rs";

/// Names of libraries, here of tokio.
const ALLOWED_NAMES: &[&str] = &["cancelled", "is_cancelled", "run_until_cancelled"];

/// Where a word is a product's own, a setting's, or the name of an algorithm.
const ALLOWED: &[(&str, &str)] = &[
    ("collectors/connectors/jenkins/README.md", "folders"),
    ("docs/settings.md", "folders"),
    ("sei.default.toml", "folder"),
    ("sei.default.toml", "folders"),
    ("collectors/connectors/jenkins/src", "folder"),
    ("collectors/connectors/jenkins/src", "folders"),
    ("collectors/connector/src/webhook.rs", "everybody"),
    ("dora/src/compute/order.rs", "patience"),
    ("dashboards/web/src/i18n/de", "organisation"),
    ("scripts/grafana.d/types.ts", "folder"),
    ("scripts/peers", "folder"),
];

/// The text in words, in lower case and separated by single spaces; everything else is left out.
fn words(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric() && character != '_' && character != '\'');
    let mut all = String::from(" ");
    for word in words.filter(|word| !word.is_empty()) {
        all.push_str(&word.to_lowercase());
        all.push(' ');
    }
    all
}

/// Markdown without blocks and spans of code.
fn prose(markdown: &str) -> String {
    let mut blocks = markdown.split("```");
    let mut text = String::new();
    while let Some(outside) = blocks.next() {
        for outside in outside.split('`').step_by(2) {
            text.push_str(outside);
            text.push('|');
        }
        blocks.next();
    }
    text
}

/// The words of a text that `sei` does not use.
fn unwanted(name: &str, text: &str) -> String {
    let text = words(text);
    let mut found = String::new();
    for (word, better) in WORDS {
        if text.contains(&format!(" {word} "))
            && !ALLOWED.iter().any(|(file, allowed)| allowed == word && name.starts_with(file))
        {
            let _ = writeln!(found, "{name}: `{word}`; use {better}");
        }
    }
    found
}

/// The help of a command and of those below it.
fn help(program: &Program, command: &[&str], into: &mut String) {
    let text = program.good(&[command, &["--help"]].concat());
    let subcommands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    let subcommands = subcommands.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    for name in subcommands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        help(program, &[command, &[name]].concat(), into);
    }
    into.push_str(&text.replace("data.directory", ""));
}

#[test]
fn documents_settings_and_the_page_use_the_words_of_the_field() -> Result<()> {
    let root = root();
    let mut found = String::new();
    for file in files()? {
        let name = file.strip_prefix(&root)?.display().to_string();
        let is = |extension: &str| file.extension().is_some_and(|end| end == extension);
        if is("md") {
            found.push_str(&unwanted(&name, &prose(&std::fs::read_to_string(&file)?)));
        } else if name == "sei.default.toml"
            || name == "Makefile"
            || name.starts_with("k8s/")
            || name.starts_with("deploy/") && (is("yaml") || is("tpl") || is("toml") || is("tf"))
            || name.starts_with("dashboards/web/") && (is("html") || is("js"))
            || name.starts_with("dashboards/web/src/i18n/en/")
        {
            found.push_str(&unwanted(&name, &std::fs::read_to_string(&file)?));
        } else if name.starts_with("dashboards/web/") && (is("ts") || is("tsx")) {
            found.push_str(&unwanted(&name, &prose(&comments(&std::fs::read_to_string(&file)?))));
        }
    }
    assert!(found.is_empty(), "{found}");
    Ok(())
}

/// The comments of a file of TypeScript that have lines of their own.
fn comments(text: &str) -> String {
    let is_comment = |line: &&str| line.starts_with("//") || line.starts_with("/*") || line.starts_with("* ");
    text.lines().map(str::trim).filter(is_comment).flat_map(|line| [line, "\n"]).collect()
}

/// A name in words: `so_many` and `SoMany` are `so many`.
fn name_in_words(name: &str) -> String {
    let mut words = String::new();
    let mut before = '_';
    for character in name.chars() {
        if character.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        words.push(if character == '_' { ' ' } else { character });
        before = character;
    }
    words
}

/// A literal as prose: nothing of one without a space, and no code between backticks.
fn text_in_words(literal: &str) -> String {
    let text = literal.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\n");
    if text.contains(' ') { prose(&text) } else { String::new() }
}

/// The words of a Rust file's names, comments and texts that `sei` does not use, with their lines.
fn unwanted_in_code(name: &str, text: &str) -> String {
    let mut found = String::new();
    for token in tokens(text) {
        let words = match token.kind {
            Kind::Comment => prose(token.text),
            Kind::Word if !ALLOWED_NAMES.contains(&token.text) => name_in_words(token.text),
            Kind::Literal => text_in_words(token.text),
            Kind::Word | Kind::Sign => continue,
        };
        found.push_str(&unwanted(&format!("{name}:{}", token.line), &words));
    }
    found
}

#[test]
fn names_comments_and_texts_of_the_code_use_the_words_of_the_field() -> Result<()> {
    let root = root();
    let mut found = String::new();
    for file in files()?.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let name = file.strip_prefix(&root)?.display().to_string();
        if name != OWN_FILE {
            found.push_str(&unwanted_in_code(&name, &std::fs::read_to_string(file)?));
        }
    }
    assert!(found.is_empty(), "{found}");
    Ok(())
}

#[test]
fn names_and_comments_of_migrations_scripts_and_the_web_application_use_the_words_of_the_field() -> Result<()> {
    let root = root();
    let mut found = String::new();
    for file in files()? {
        let name = file.strip_prefix(&root)?.display().to_string();
        let is_read = match file.extension().and_then(|extension| extension.to_str()) {
            Some("graphql" | "js" | "py" | "sh" | "sql" | "ts" | "tsx") => true,
            Some("toml") => name.starts_with("dashboards/"),
            Some(_) => false,
            None => name.starts_with("scripts/"),
        };
        if !is_read {
            continue;
        }
        for (number, line) in (1..).zip(std::fs::read_to_string(file)?.lines()) {
            found.push_str(&unwanted(&format!("{name}:{number}"), &name_in_words(line)));
        }
    }
    assert!(found.is_empty(), "{found}");
    Ok(())
}

#[test]
fn a_word_is_found_in_names_comments_and_texts_with_its_line_and_not_in_data() {
    let text = "fn told() {}\nstruct SoMany; // a picture of `told`\nlet retold = \"told\"; cancelled\n\
                \"`told` is\\nmend ed, it said\"; r#\"{\"colour\":1}\"#";
    assert_eq!(
        unwanted_in_code("a.rs", text),
        "a.rs:1: `told`; use reported, received or stated\n\
         a.rs:2: `so many`; use number of\n\
         a.rs:2: `picture`; use version or snapshot\n\
         a.rs:4: `said`; use stated or reported\n\
         a.rs:4: `mend`; use fix\n"
    );
}

#[test]
fn help_texts_use_the_words_of_the_field() {
    let mut text = String::new();
    help(&Program::new(), &[], &mut text);
    assert!(text.contains("sei dora report"), "the help of commands below others is there");
    let found = unwanted("the help", &text);
    assert!(found.is_empty(), "{found}");
}

#[test]
fn a_word_is_found_in_prose_and_not_in_code() {
    assert_eq!(
        unwanted("a.md", "It was Told\nso many times."),
        "a.md: `told`; use reported, received or stated\na.md: `so many`; use number of\n"
    );
    assert_eq!(unwanted("a.md", &prose("`told` is code\n```\nmend = 1\n```\nretold, untold")), "");
    assert_eq!(unwanted("collectors/connectors/jenkins/README.md", "Folders"), "");
}
