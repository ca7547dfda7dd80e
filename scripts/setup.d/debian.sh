# A Debian base image from the machine's own mirror, for machines that reach no image registry.
# shellcheck shell=bash

# Lines `origin uri suite component` of the machine's apt sources. apt reads its own files, in every form they may have.
apt_sources() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null | sort -u
}

# Debian's bookworm when the machine's mirror has it; on Ubuntu, which has no Debian mirror, its own suite.
base_suite() { if [ "$(os_field ID)" = debian ]; then echo bookworm; else os_field VERSION_CODENAME; fi; }

# The mirror that serves the machine's own suite serves the other suites of the same distribution too.
base_mirror() {
  apt_sources | awk -v codename="$(os_field VERSION_CODENAME)" -v suite="$(base_suite)" '
    $1 != "Debian" && $1 != "Ubuntu" { next }
    $4 != "main" { next }
    $3 == suite { exact = $2 }
    $3 == codename || $3 == "stable" || $3 == "testing" || $3 == "sid" { own = $2 }
    END { print exact != "" ? exact : own }'
}

# The apt sources of the image: the suite itself, and its updates where the machine has them.
image_sources() {
  local mirror=$1 suite=$2
  printf 'deb %s %s main\n' "$mirror" "$suite"
  apt_sources | awk -v suite="$suite" '($1 == "Debian" || $1 == "Ubuntu") && $4 == "main" &&
    ($3 == suite "-updates" || $3 == suite "-security") { print "deb", $2, $3, "main" }'
}

make_debian_image() {
  local name=$1 root mirror suite
  has debootstrap || { say 'installing debootstrap with apt-get'; apt_install debootstrap || return 1; }
  [ -n "$(base_mirror)" ] || apt-get -qq update >/dev/null 2>&1 </dev/null || true
  suite=$(base_suite) mirror=$(base_mirror)
  [ -n "$mirror" ] || { say "apt's sources name no mirror of $(os_field ID) $suite"; return 1; }
  say "building the base image $name with debootstrap ($suite; takes about a minute)"
  root=$(mktemp -d /var/tmp/devgym-debian.XXXXXX)
  local code=0
  fill_debian_root "$root" "$suite" "$mirror" &&
    tar -C "$root" -c . | docker import --message 'built by scripts/setup of devgym' \
      --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["bash"]' - "$name" >/dev/null || code=1
  # debootstrap unmounts what it mounted, unless it was killed.
  umount "$root/proc" "$root/sys" 2>/dev/null || true
  rm -rf --one-file-system "$root"
  return "$code"
}

fill_debian_root() {
  local root=$1 suite=$2 mirror=$3
  quietly debootstrap --variant=minbase "$suite" "$root" "$mirror" || return 1
  image_sources "$mirror" "$suite" >"$root/etc/apt/sources.list"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*.log "$root"/var/log/apt/* \
    "$root"/usr/share/{doc,man,info,locale,lintian,groff,linda}/* "$root"/etc/resolv.conf "$root"/etc/hostname "$root"/dev/*
  # What official slim images do as well: packages installed later leave their documentation out.
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian groff linda >"$root/etc/dpkg/dpkg.cfg.d/docker"
  printf 'force-unsafe-io\n' >>"$root/etc/dpkg/dpkg.cfg.d/docker"
  printf 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };\nAcquire::Languages "none";\n' >"$root/etc/apt/apt.conf.d/docker"
  copy_authorities "$root"
}

# The machine's own authorities too: installing ca-certificates in an image writes the bundle anew from them.
copy_authorities() {
  local root=$1 own=/usr/local/share/ca-certificates
  mkdir -p "$root/etc/ssl/certs" "$root$own"
  [ ! -f "$ca_bundle" ] || cp "$ca_bundle" "$root$ca_bundle"
  [ ! -d "$own" ] || cp -R "$own/." "$root$own/"
}
