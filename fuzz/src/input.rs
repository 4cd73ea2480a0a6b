//! The form of an input: a head of text lines, an empty line, and a body of any bytes.

/// The lines of an input's head, and its body. Without an empty line all of it is body.
pub fn split(input: &[u8]) -> (&str, &[u8]) {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let head = end.and_then(|end| std::str::from_utf8(&input[..end]).ok());
    head.map_or(("", input), |head| (head, &input[head.len() + 2..]))
}
