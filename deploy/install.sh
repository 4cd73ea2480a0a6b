#!/bin/sh
# Installs a release of sei on Linux, for x86_64 and aarch64, and needs no root below a prefix of your own.
#
#   sh install.sh [--from DIRECTORY|URL] [--prefix DIRECTORY] [--systemd]
#
#   --from      where the release is: a directory, or a URL with https. Without it the directory of this script.
#   --prefix    where it goes: PREFIX/bin/sei, PREFIX/share/man/... Without it /usr/local for root, else ~/.local.
#   --systemd   also the units, the user sei and /etc/sei/sei.toml; needs root
#
# It checks each file against SHA256SUMS of the release, and installs nothing where one differs. The same command installs a
# newer release over this one; the settings stay. Debian and Ubuntu: the package (.deb) does the same.
set -eu

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

from='' prefix='' systemd=''
while [ $# -gt 0 ]; do
    case $1 in
    --from | --prefix)
        [ $# -gt 1 ] || fail "$1 needs a value"
        case $1 in --from) from=$2 ;; *) prefix=$2 ;; esac
        shift
        ;;
    --systemd) systemd=yes ;;
    --help)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) fail "there is no option $1; there are --from, --prefix, --systemd and --help" ;;
    esac
    shift
done

[ "$(uname -s)" = Linux ] || fail "this is $(uname -s); sei is released for Linux: use the container image"
machine=$(uname -m)
case $machine in
x86_64 | aarch64) ;;
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*) fail "this machine is $machine; sei is released for x86_64 and aarch64: build it from source with \`cargo build --release\`" ;;
esac
if [ -z "$from" ]; then from=$(cd "$(dirname "$0")" && pwd); fi
if [ -z "$prefix" ]; then
    if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix=${HOME:?name the directory with --prefix}/.local; fi
fi
if [ -n "$systemd" ] && [ "$(id -u)" != 0 ]; then fail '--systemd needs root: use sudo, or leave it out'; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Brings a file of the release into the work directory.
bring() {
    case $from in
    https://* | http://127.0.0.1[:/]* | http://localhost[:/]*)
        if command -v curl >/dev/null; then
            curl --fail --silent --show-error --location --proto-redir =https --output "$work/$1" "${from%/}/$1"
        elif command -v wget >/dev/null; then
            wget --quiet --output-document "$work/$1" "${from%/}/$1"
        else
            fail 'curl or wget is needed to fetch a release'
        fi
        ;;
    *://*) fail "$from: a release is fetched with https only" ;;
    *) cp "$from/$1" "$work/$1" ;;
    esac || fail "$from has no $1"
}

bring SHA256SUMS
archive=$(sed -n "s/^[0-9a-f]\{64\}  \(sei-[0-9A-Za-z.+-]*-$machine-unknown-linux-gnu\.tar\.gz\)\$/\1/p" "$work/SHA256SUMS")
[ -n "$archive" ] || fail "the release in $from has nothing for $machine; it has: $(sed 's/^[^ ]*  //' "$work/SHA256SUMS" | xargs)"
[ "$(printf '%s\n' "$archive" | wc -l)" = 1 ] || fail "$from has several releases"
bring "$archive"
wanted=$(grep "  $archive\$" "$work/SHA256SUMS" | cut -d' ' -f1)
if command -v sha256sum >/dev/null; then
    found=$(sha256sum "$work/$archive" | cut -d' ' -f1)
else
    found=$(openssl dgst -sha256 -r "$work/$archive" | cut -d' ' -f1)
fi
[ "$found" = "$wanted" ] ||
    fail "$archive is not what was released: its SHA-256 is $found, and SHA256SUMS states $wanted; nothing was installed"

tar -xzf "$work/$archive" -C "$work"
root=$work/${archive%.tar.gz}
version=$("$root/usr/bin/sei" version) ||
    fail "the program does not run here (see above): it needs glibc 2.31 or newer; use the container image. Nothing was installed"

# Copies a file: what runs keeps the one that it started with.
put() {
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2.new"
    chmod "$3" "$2.new"
    mv -f "$2.new" "$2"
}

mkdir -p "$prefix" || fail "$prefix can't be made: name another directory with --prefix, or use sudo"
(cd "$root/usr/share" && find man bash-completion fish doc -type f) >"$work/files"
while read -r file; do put "$root/usr/share/$file" "$prefix/share/$file" 644; done <"$work/files"
put "$root/usr/share/zsh/vendor-completions/_sei" "$prefix/share/zsh/site-functions/_sei" 644
put "$root/usr/bin/sei" "$prefix/bin/sei" 755
say "sei $version is installed: $prefix/bin/sei"

if [ -n "$systemd" ]; then
    for unit in sei.service sei@.service sei-backup.service; do
        sed "s,/usr/bin/sei,$prefix/bin/sei," "$root/usr/lib/systemd/system/$unit" >"$work/$unit"
        put "$work/$unit" "/etc/systemd/system/$unit" 644
    done
    put "$root/usr/lib/sysusers.d/sei.conf" /etc/sysusers.d/sei.conf 644
    put "$root/usr/lib/tmpfiles.d/sei.conf" /etc/tmpfiles.d/sei.conf 644
    [ -e /etc/sei/sei.toml ] || put "$root/etc/sei/sei.toml" /etc/sei/sei.toml 640
    systemd-sysusers sei.conf
    systemd-tmpfiles --create sei.conf
    systemctl daemon-reload
    say "Next: set what to collect in /etc/sei/sei.toml, then \`systemctl enable --now sei\`."
    exit 0
fi
case :$PATH: in
*":$prefix/bin:"*) ;;
*) say "$prefix/bin is not in PATH: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
command -v git >/dev/null || say 'git is missing: sei collects repositories with it.'
if ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    say "PostgreSQL is missing: install it for \`sei up\`, or set database.url to one that you have."
fi
say "Next: \`sei init\` in a git repository, then \`sei up\`. All commands: \`sei --help\`, \`man sei\`."
