# Shared by demo.sh, run.sh and bench.sh: root, packages, the Rust toolchain.
# shellcheck shell=bash

# The oldest Rust that builds the workspace (rust-version in Cargo.toml).
RUST_MINIMUM=1.88

say() {
    printf '== %s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Namespaces and raw sockets need root. PATH stays, so that a toolchain in the caller's home is
# found.
become_root() {
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || die "needs root (network namespaces); run it as root"
    say "needs root for network namespaces: asking sudo"
    exec sudo env "PATH=$PATH" "HOME=$HOME" bash "$0" "$@"
}

# Installs what is missing. Each argument: PROGRAM=DEBIAN_PACKAGE=RHEL_PACKAGE.
install_missing() {
    local entry program debian rhel wanted=()
    for entry in "$@"; do
        IFS='=' read -r program debian rhel <<<"$entry"
        PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null && continue
        if command -v apt-get >/dev/null; then
            wanted+=("$debian")
        else
            wanted+=("$rhel")
        fi
    done
    [ ${#wanted[@]} -eq 0 ] && return
    say "installing ${wanted[*]}"
    if command -v apt-get >/dev/null; then
        install_debian "${wanted[@]}"
    elif command -v dnf >/dev/null; then
        dnf install -y -q "${wanted[@]}" || die "cannot install ${wanted[*]}"
    else
        die "neither apt-get nor dnf is here; please install ${wanted[*]}"
    fi
    keep_stopped "${wanted[@]}"
}

# The mail server of the scenarios: a module of the system's Python, which has no program.
install_smtp_server() {
    /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null ||
        install_missing no-aiosmtpd=python3-aiosmtpd=python3-aiosmtpd
}

# What compiles and links holdfast: a C compiler for the linker, OpenSSL for the checks of pages.
install_build_needs() {
    install_missing cc=gcc=gcc pkg-config=pkg-config=pkgconf-pkg-config
    [ -e /usr/include/stdio.h ] || install_missing no-libc-headers=libc6-dev=glibc-devel
    [ -e /usr/include/openssl/ssl.h ] || install_missing no-openssl-headers=libssl-dev=openssl-devel
}

# What the feature `pcre` is linked with.
install_pcre() {
    [ -e /usr/include/pcre2.h ] || install_missing no-pcre2-headers=libpcre2-dev=pcre2-devel
}

# What the virtual machine of tests/vmlab needs. Its root is made from Debian's packages, so it is
# for machines with apt; elsewhere it has to be switched off by name.
VM_SWITCH=HOLDFAST_TESTS_WITHOUT_VM
install_vm_packages() {
    command -v apt-get >/dev/null ||
        die "the virtual machine needs apt-get, which is not here; $VM_SWITCH=1 leaves its tests out"
    install_missing qemu-system-x86_64=qemu-system-x86= mke2fs=e2fsprogs= dpkg-deb=dpkg= \
        perl=perl= python3=python3=
}

# Debian starts services when it installs them; a policy forbids that for the moment.
install_debian() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null ||
        status=$?
    if [ -n "$(trap -p EXIT)" ]; then
        rm -f $policy
        trap - EXIT
    fi
    [ $status -eq 0 ] || die "cannot install $*"
}

# The tests start their own daemons; those of the system shall not run at the next boot either.
keep_stopped() {
    command -v systemctl >/dev/null || return 0
    local package
    for package in "$@"; do
        case $package in
        keepalived | nginx* | rsyslog) systemctl disable --quiet "${package%%-*}" 2>/dev/null || true ;;
        esac
    done
}

# True when cargo is here and new enough.
has_rust() {
    local version
    command -v cargo >/dev/null || return 1
    version=$(cargo --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$RUST_MINIMUM" "$version" | sort -V | head -n1)" = "$RUST_MINIMUM" ]
}

# RHEL ships a Rust that is new enough; elsewhere the official installer puts one into the home of
# the caller, and nothing else is changed (no shell profile).
ensure_rust() {
    [ -r "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
    has_rust && return
    if command -v dnf >/dev/null; then
        say "installing Rust (rust-toolset)"
        dnf install -y -q rust-toolset || true
    fi
    has_rust && return
    say "installing Rust with the official installer (rustup), into $HOME/.cargo"
    install_missing curl=curl=curl
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --profile minimal --component rustfmt,clippy --no-modify-path ||
        die "cannot install Rust $RUST_MINIMUM or newer; install it by hand and try again"
    . "$HOME/.cargo/env"
    has_rust || die "cargo is older than $RUST_MINIMUM even now"
}
