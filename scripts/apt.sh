# shellcheck shell=bash
# Sourced: Debian packages, installed only where they are missing and only by root.

# apt_install PACKAGE… : quiet; without root it says what to install and ends with 69.
apt_install() {
  if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    printf '%s: missing; please install: %s\n' "${0##*/}" "$*" >&2
    exit 69
  fi
  apt_refresh
  printf '%s: installing %s\n' "${0##*/}" "$*" >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}

# apt_first PACKAGE… : the first of these that this system's lists offer.
apt_first() {
  apt_refresh
  local package
  for package in "$@"; do
    if [[ $(apt-cache policy "$package" 2>/dev/null) == *'Candidate: '[0-9]* ]]; then
      printf '%s\n' "$package"
      return
    fi
  done
  printf '%s: none of these is to be had here: %s\n' "${0##*/}" "$*" >&2
  exit 69
}

# The package lists, once per run and only by root.
apt_refresh() {
  [[ -z ${APT_REFRESHED:-} && $(id -u) -eq 0 ]] || return 0
  apt-get update -qq </dev/null >/dev/null
  APT_REFRESHED=1
}
