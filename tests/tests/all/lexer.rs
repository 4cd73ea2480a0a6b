//! The tokens of a Rust file, as far as the tests of the repository's shape need them.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Comment,
    /// A text, a character or a lifetime.
    Literal,
    Word,
    /// `::`, or a single character.
    Sign,
}

/// A token, and the line on which it begins, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub line: usize,
}

/// The tokens of a file, in order, without white space.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (kind, length) = next(rest, first);
        let (text, after) = rest.split_at(length);
        if !first.is_whitespace() {
            tokens.push(Token { kind, text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The kind and length of the token that is first.
fn next(rest: &str, first: char) -> (Kind, usize) {
    if rest.starts_with("//") {
        (Kind::Comment, rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        (Kind::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2))
    } else if let Some(length) = literal(rest) {
        (Kind::Literal, length)
    } else if first.is_alphabetic() || first == '_' {
        (Kind::Word, word_length(rest))
    } else {
        (Kind::Sign, if rest.starts_with("::") { 2 } else { first.len_utf8() })
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of the text, character or lifetime that is first.
fn literal(rest: &str) -> Option<usize> {
    let plain = rest.strip_prefix('b').unwrap_or(rest);
    let prefix = rest.len() - plain.len();
    if let Some(raw) = plain.strip_prefix('r') {
        let hashes = &raw[..raw.len() - raw.trim_start_matches('#').len()];
        if let Some(text) = raw[hashes.len()..].strip_prefix('"') {
            let end = format!("\"{hashes}");
            let before = rest.len() - text.len();
            return Some(text.find(&end).map_or(rest.len(), |found| before + found + end.len()));
        }
    }
    if plain.starts_with('"') {
        return Some(prefix + quoted(plain, '"').unwrap_or(plain.len()));
    }
    let inner = plain.strip_prefix('\'')?;
    let is_character = inner.starts_with('\\') || inner.chars().nth(1) == Some('\'');
    let length = if is_character { quoted(plain, '\'') } else { None };
    Some(prefix + length.unwrap_or(1 + word_length(inner)))
}

/// The length of what stands in quotes at the start, with them.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

/// The index after the item that only tests compile and that begins at `at` (`#[cfg(test)]`), if one does.
pub(crate) fn end_of_tests(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    const TEST_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let rest = tokens.get(at..)?;
    if !rest.iter().map(|token| token.text).take(TEST_ONLY.len()).eq(TEST_ONLY) {
        return None;
    }
    let mut depth = 0;
    for (index, token) in rest.iter().enumerate().filter(|(_, token)| token.kind == Kind::Sign) {
        depth += i32::from(token.text == "{") - i32::from(token.text == "}");
        let is_last = token.text == "}" && rest.get(index + 1).is_none_or(|next| next.text != ";");
        if depth == 0 && (token.text == ";" || is_last) {
            return Some(at + index + 1);
        }
    }
    Some(tokens.len())
}

#[test]
fn comments_texts_words_and_their_lines_are_found() {
    use Kind::{Comment, Literal, Sign, Word};
    let text = "/// A `b`.\nfn a<'x>() {\n    let t = \"// no\n comment\"; /* one */ 'c'\n}";
    let found: Vec<(Kind, &str, usize)> =
        tokens(text).iter().map(|token| (token.kind, token.text, token.line)).collect();
    assert_eq!(
        found,
        [
            (Comment, "/// A `b`.", 1),
            (Word, "fn", 2),
            (Word, "a", 2),
            (Sign, "<", 2),
            (Literal, "'x", 2),
            (Sign, ">", 2),
            (Sign, "(", 2),
            (Sign, ")", 2),
            (Sign, "{", 2),
            (Word, "let", 3),
            (Word, "t", 3),
            (Sign, "=", 3),
            (Literal, "\"// no\n comment\"", 3),
            (Sign, ";", 4),
            (Comment, "/* one */", 4),
            (Literal, "'c'", 4),
            (Sign, "}", 5),
        ]
    );
}
