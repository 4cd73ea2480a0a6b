//! Files, functions and lists of parameters are short enough to be read at once. Blank lines and comments are not
//! counted; of a file nor is what only tests compile, whose functions and parameters are.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::architecture::{files, root};
use crate::lexer::{Kind, Token, end_of_tests, tokens};

const MAX_FILE_LINES: usize = 400;
const MAX_FUNCTION_LINES: usize = 60;
/// `self` is not counted.
const MAX_PARAMETERS: usize = 6;

/// What is larger, with the reason: a file, or a function as `file::name`.
const LARGER: &[(&str, &str)] = &[(
    "dora/src/metrics/tests/random.rs::reports_agree_with_plain_loops",
    "one report, and each of its values by a loop",
)];

/// A function: its name, its number of parameters, and the lines of its body, as clippy counts them.
#[derive(Debug, PartialEq, Eq)]
struct Function<'a> {
    name: &'a str,
    parameters: usize,
    lines: usize,
}

/// The tokens of a file but its comments.
fn uncommented(text: &str) -> Vec<Token<'_>> {
    tokens(text).into_iter().filter(|token| token.kind != Kind::Comment).collect()
}

/// Those of them that not only tests compile.
fn code<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut code = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(end) = end_of_tests(tokens, at) {
            at = end;
        } else {
            code.push(*token);
            at += 1;
        }
    }
    code
}

/// The number of lines that hold code; those of a text are counted unless they are blank.
fn lines(code: &[Token<'_>]) -> usize {
    let lines = code.iter().flat_map(|token| {
        let lines = token.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(index, _)| token.line + index)
    });
    lines.collect::<BTreeSet<_>>().len()
}

/// The functions of a file, also those within others.
fn functions<'a>(code: &[Token<'a>]) -> Vec<Function<'a>> {
    let begins = |pair: &[Token<'_>]| pair[0].text == "fn" && pair[1].kind == Kind::Word;
    let starts = code.windows(2).enumerate().filter(|(_, pair)| begins(pair));
    starts.map(|(start, pair)| function(pair[1].text, &code[start..])).collect()
}

/// The function at the start of these tokens.
fn function<'a>(name: &'a str, code: &[Token<'a>]) -> Function<'a> {
    let (mut angles, mut depth, mut parameters, mut is_empty) = (0_i32, 0_i32, 0, true);
    let mut at = 2;
    // to the end of the parameters
    while let Some(token) = code.get(at) {
        let is_arrow = token.text == ">" && code[at - 1].text == "-";
        match token.text {
            "<" => angles += 1,
            ">" if !is_arrow => angles -= 1,
            "(" if depth > 0 || angles == 0 => depth += 1,
            "[" | "{" if depth > 0 => depth += 1,
            ")" | "]" | "}" if depth > 0 => depth -= 1,
            _ => {}
        }
        let is_between = depth == 1 && angles == 0 && token.text == ",";
        let ends = depth == 0 && token.text == ")" && angles == 0;
        if is_between || ends {
            parameters += usize::from(!is_empty);
            is_empty = true;
        } else if !(depth == 1 && matches!(token.text, "(" | "self" | "&" | "mut")) && depth > 0 && !is_lifetime(token)
        {
            is_empty = false;
        }
        at += 1;
        if ends {
            break;
        }
    }
    let body = body(code.get(at..).unwrap_or_default());
    Function { name, parameters, lines: lines(body) }
}

/// What stands between the braces that come first; nothing if a `;` does.
fn body<'c, 'a>(code: &'c [Token<'a>]) -> &'c [Token<'a>] {
    let start = code.iter().position(|token| matches!(token.text, "{" | ";")).unwrap_or(code.len());
    let mut depth = 0_i32;
    let end = code[start..].iter().position(|token| {
        depth += i32::from(token.text == "{") - i32::from(token.text == "}");
        depth == 0
    });
    code.get(start + 1..start + end.unwrap_or(0)).unwrap_or_default()
}

fn is_lifetime(token: &Token<'_>) -> bool {
    token.kind == Kind::Literal && token.text.starts_with('\'')
}

/// What a file has that is larger than it should be: the place as in [`LARGER`], and what is wrong.
fn larger(file: &str, text: &str) -> Vec<(String, String)> {
    let tokens = uncommented(text);
    let mut found = Vec::new();
    let mut find = |place: String, what: &str, count: usize, most: usize| {
        if count > most {
            let problem = format!("{count} {what}, expected at most {most}");
            found.push((place, problem));
        }
    };
    find(file.to_owned(), "lines of code", lines(&code(&tokens)), MAX_FILE_LINES);
    for function in functions(&tokens) {
        let place = format!("{file}::{}", function.name);
        find(place.clone(), "lines", function.lines, MAX_FUNCTION_LINES);
        find(place, "parameters", function.parameters, MAX_PARAMETERS);
    }
    found
}

#[test]
fn files_of_the_web_application_are_short() -> Result<()> {
    let root = root();
    let mut found = Vec::new();
    for file in files()? {
        let name = file.strip_prefix(&root)?.display().to_string();
        let is_source = file.extension().is_some_and(|extension| extension == "ts" || extension == "tsx");
        if !is_source || !name.starts_with("dashboards/web/") {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//") && !line.starts_with('*');
        let lines = text.lines().map(str::trim).filter(is_code).count();
        if lines > MAX_FILE_LINES {
            found.push(format!("{name}: {lines} lines of code, expected at most {MAX_FILE_LINES}"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    Ok(())
}

#[test]
fn files_functions_and_parameter_lists_are_short() -> Result<()> {
    let root = root();
    let mut problems = Vec::new();
    let mut unused: BTreeSet<&str> = LARGER.iter().map(|(place, _)| *place).collect();
    for file in files()?.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")) {
        let name = file.strip_prefix(&root)?.display().to_string();
        for (place, problem) in larger(&name, &std::fs::read_to_string(file)?) {
            if !unused.remove(place.as_str()) && !LARGER.iter().any(|(larger, _)| *larger == place) {
                problems.push(format!("{place}: {problem}; split it by subject"));
            }
        }
    }
    problems.extend(unused.iter().map(|place| format!("{place} is no longer larger: remove it from `LARGER`")));
    assert!(problems.is_empty(), "{problems:#?}");
    Ok(())
}

#[test]
fn lines_of_code_are_those_without_comments_blank_lines_and_tests() {
    let text = "//! About.\n\nfn a() {\n    // why\n    \"x\n\ny\"\n}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nconst C: u8 = 1;\n";
    assert_eq!(lines(&code(&uncommented(text))), 5);
}

#[test]
fn functions_have_their_parameters_and_lines() {
    let text = "fn a() {}\n\
        impl<'a> B {\n\
            fn c<F: Fn(u8, u8) -> u8>(&'a mut self, (d, e): (u8, Map<u8, u8>), f: F,) -> u8\n\
            where F: Copy {\n\
                let g: fn(u8) = h;\n\
            }\n\
        }\n\
        trait I { fn j(self: Box<Self>, k: [u8; 2]); }";
    let found: Vec<(&str, usize, usize)> =
        functions(&uncommented(text)).iter().map(|f| (f.name, f.parameters, f.lines)).collect::<Vec<_>>();
    assert_eq!(found, [("a", 0, 0), ("c", 2, 1), ("j", 2, 0)]);
}

#[test]
fn what_is_too_large_is_named() {
    let long = format!("fn a(b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) {{\n{}}}\n", "b();\n".repeat(400));
    let expected = [
        ("x.rs", "402 lines of code, expected at most 400"),
        ("x.rs::a", "400 lines, expected at most 60"),
        ("x.rs::a", "7 parameters, expected at most 6"),
    ];
    assert_eq!(larger("x.rs", &long), expected.map(|(place, problem)| (place.to_owned(), problem.to_owned())));
    let of_tests = larger("y.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n"));
    assert_eq!(
        of_tests,
        expected[1..].iter().map(|(_, problem)| ("y.rs::a".to_owned(), (*problem).to_owned())).collect::<Vec<_>>()
    );
    assert_eq!(larger("x.rs", "fn a(b: u8, c: u8) {}"), []);
}
