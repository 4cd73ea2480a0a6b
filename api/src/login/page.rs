//! What the pages of the login look like.

use std::fmt::Write as _;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const BEGIN: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sei: log in</title>
<link rel="icon" href="/web/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/web/style.css">
<link rel="stylesheet" href="/web/login.css">
</head>
<body class="login">
"#;
const END: &str = "</body>\n</html>\n";

/// A page with one form.
pub struct Page {
    title: &'static str,
    /// What is to be done, and where the form is sent; without it there is no form.
    form: Option<Form>,
    name: String,
    /// The identity providers that it offers.
    providers: Vec<String>,
    problem: Option<String>,
}

struct Form {
    action: String,
    note: &'static str,
    button: &'static str,
    /// How browsers fill in the password.
    password: &'static str,
    next: Option<String>,
}

impl Page {
    /// The login, which leads to `next`.
    pub fn login(next: &str) -> Self {
        let form = Form {
            action: crate::paths::LOGIN.to_owned(),
            note: "",
            button: "Log in",
            password: "current-password",
            next: Some(next.to_owned()),
        };
        Self::new("Log in", Some(form))
    }

    /// What a link leads to.
    pub fn link(secret: &str) -> Self {
        let form = Form {
            action: format!("{}/link/{secret}", crate::paths::LOGIN),
            note: "This link is good for one login. Choose a name and a password of 12 characters or more.",
            button: "Save and log in",
            password: "new-password",
            next: None,
        };
        Self::new("Set your name and password", Some(form))
    }

    /// A page without a form.
    pub fn nothing() -> Self {
        Self::new("Log in", None)
    }

    fn new(title: &'static str, form: Option<Form>) -> Self {
        Self { title, form, name: String::new(), providers: Vec::new(), problem: None }
    }

    /// The same with a note.
    pub fn with_note(mut self, note: &'static str) -> Self {
        if let Some(form) = &mut self.form {
            form.note = note;
        }
        self
    }

    /// The same with a name filled in.
    pub fn with_name(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// The same with the identity providers that a login is offered by.
    pub fn with_providers<'n>(self, names: impl Iterator<Item = &'n str>) -> Self {
        Self { providers: names.map(str::to_owned).collect(), ..self }
    }

    /// The page with what is wrong.
    pub fn refused(self, problem: &Problem) -> Response {
        let status = problem.status();
        Self { problem: Some(problem.detail.clone()), ..self }.answer(status)
    }

    /// The page.
    pub fn answer(self, status: StatusCode) -> Response {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let kept = HeaderValue::from_static("no-store");
        let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)];
        let mut response = (status, headers, self.html()).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sei\""));
        }
        response
    }

    fn html(&self) -> String {
        let mut html = format!("{BEGIN}<main>\n");
        // a text can always be written to
        let _written = match &self.form {
            None => write!(html, "<h1>{}</h1>\n{}", self.title, self.problem()),
            Some(form) => self.write_form(form, &mut html),
        };
        html + "</main>\n" + END
    }

    fn write_form(&self, form: &Form, html: &mut String) -> std::fmt::Result {
        let Form { action, note, button, password, next } = form;
        writeln!(html, "<form method=\"post\" action=\"{}\">\n<h1>{}</h1>", escaped(action), self.title)?;
        html.push_str(&self.problem());
        self.write_providers(next.as_deref().unwrap_or("/"), html)?;
        if !note.is_empty() {
            writeln!(html, "<p class=\"note\">{note}</p>")?;
        }
        let name = escaped(&self.name);
        writeln!(
            html,
            "<label>Name <input name=\"name\" value=\"{name}\" autocomplete=\"username\" maxlength=\"200\" required></label>"
        )?;
        writeln!(
            html,
            "<label>Password <input name=\"password\" type=\"password\" autocomplete=\"{password}\" maxlength=\"1024\" \
             required></label>"
        )?;
        if let Some(next) = next {
            writeln!(html, "<input name=\"next\" type=\"hidden\" value=\"{}\">", escaped(next))?;
        }
        writeln!(html, "<button>{button}</button>\n</form>")
    }

    fn write_providers(&self, next: &str, html: &mut String) -> std::fmt::Result {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", next).finish();
        for name in &self.providers {
            let address = escaped(&format!("{}/{name}?{query}", crate::paths::LOGIN));
            writeln!(html, "<a class=\"provider\" href=\"{address}\">Log in with {}</a>", escaped(name))?;
        }
        Ok(())
    }

    fn problem(&self) -> String {
        let shown = |problem: &String| format!("<p class=\"problem\" role=\"alert\">{}</p>\n", escaped(problem));
        self.problem.as_ref().map(shown).unwrap_or_default()
    }
}

/// A text within an element or an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_text() {
        let page = Page::login("/?a=\"><script>").with_name("<b>'ann' & co</b>").html();
        assert!(page.contains("value=\"&lt;b&gt;&#39;ann&#39; &amp; co&lt;/b&gt;\""), "{page}");
        assert!(page.contains("value=\"/?a=&quot;&gt;&lt;script&gt;\"") && !page.contains("<script"), "{page}");
    }
}
