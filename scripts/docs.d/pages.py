"""The pages of the documentation site.

    pages.py lay-out BOOK   copies what docs/SUMMARY.md names to BOOK/src, and rewrites links between pages
    pages.py check HTML     fails where a link of the site leads to no file, or its anchor to no element
"""

import os
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = "docs/SUMMARY.md"
# A block or span of code, or a link, whose text may hold both.
LINK = re.compile(r"```.*?\n\s*```|(?P<text>!?\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^()\s]+)\)|`[^`]*`", re.DOTALL)


def resolved(page, target):
    """The path in the repository of what a page links to."""
    return os.path.normpath(os.path.join(os.path.dirname(page), target))


def is_relative(target):
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc and bool(parts.path)


def place(path):
    """Where a file of the repository is in the book."""
    if path == "README.md":
        return "index.md"
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return "repository/" + re.sub(r"/README\.md$", ".md", path)


def lay_out(book):
    summary = (ROOT / SUMMARY).read_text(encoding="utf-8")
    pages = {resolved(SUMMARY, match["target"]) for match in LINK.finditer(summary) if match["target"]}
    for page in sorted(pages | {SUMMARY}):
        copied(page, pages, book / "src")
    # also what HTML names, which is not rewritten
    shutil.copytree(ROOT / "docs/images", book / "src/images", dirs_exist_ok=True)
    shutil.copy(ROOT / "docs/book.toml", book)


def copied(page, pages, source):
    """Writes a page with links that hold in the book; those to directories, and to pages that it lacks, become text."""

    def link(match):
        target = match["target"]
        if target is None or not is_relative(target):
            return match[0]
        path, _, anchor = target.partition("#")
        found = resolved(page, path)
        if found not in pages:
            if found.endswith(".md") or not (ROOT / found).is_file():
                return match["text"].strip("![]")
            (source / place(found)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / found, source / place(found))
        there = os.path.relpath(place(found), os.path.dirname(place(page)) or ".")
        return f"{match['text']}({there}{'#' + anchor if anchor else ''})"

    into = source / place(page)
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(LINK.sub(link, (ROOT / page).read_text(encoding="utf-8")), encoding="utf-8")


class Html(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids = set()
        self.targets = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.targets.append(value)


def check(html):
    # What mdBook makes itself of all pages, and the page of what is not there, which doesn't know where it is shown.
    own = {"print.html", "404.html", "toc.html"}
    files = {}
    for file in html.rglob("*.html"):
        if str(file.relative_to(html)) not in own:
            files[file] = Html()
            files[file].feed(file.read_text(encoding="utf-8"))
    broken = []
    for file, parsed in files.items():
        for target in parsed.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            found = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            anchor = unquote(parts.fragment)
            if not found.is_file() or (anchor and found in files and anchor not in files[found].ids):
                broken.append(f"{file.relative_to(html)}: {target}")
    if broken:
        sys.exit("links of the site that lead nowhere:\n" + "\n".join(sorted(set(broken))))
    print(f"scripts/docs: {len(files)} pages, all links lead to something")


commands = {"lay-out": lay_out, "check": check}
if len(sys.argv) != 3 or sys.argv[1] not in commands:
    sys.exit(__doc__)
commands[sys.argv[1]](Path(sys.argv[2]).resolve())
