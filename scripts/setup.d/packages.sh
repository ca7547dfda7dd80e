# npm packages and dist/.
# shellcheck shell=bash

readonly packages_stamp=node_modules/.devgym-lock

# A copy of the lock file is the stamp: node_modules is right when it was installed from the same bytes.
packages_there() { cmp -s package-lock.json "$packages_stamp" && [ -x node_modules/.bin/node ]; }

# Whoever ran `npm install` has a new lock file and the packages to it: npm's own record of what it installed tells.
packages_match() {
  [ -x node_modules/.bin/node ] && [ -f node_modules/.package-lock.json ] && node -e '
    const read = (file) => JSON.parse(require("node:fs").readFileSync(file, "utf8")).packages;
    const [wanted, installed] = [read("package-lock.json"), read("node_modules/.package-lock.json")];
    const right = ([path, { version, optional }]) => installed[path] ? installed[path].version === version : optional === true;
    process.exitCode = Object.entries(wanted).every((one) => one[0] === "" || right(one)) ? 0 : 1;
  '
}

make_packages() {
  packages_there && return 0
  has npm || give_up 1 'npm is missing.' 'Install Node.js, which brings npm; any version from 20 on will do to get started.'
  if ! packages_match; then
    # npm ci would empty the folder that the link leads to, which belongs to somebody else.
    [ ! -L node_modules ] || give_up 1 'node_modules is a symbolic link to a folder with other packages than package-lock.json.' \
      'Remove the link, then run scripts/setup again.'
    say 'installing npm packages (npm ci)'
    quietly npm ci --no-audit --no-fund || give_up 1 'npm ci failed; its last lines are above.' \
      'Check that the npm registry answers (npm ping), then run scripts/setup again.'
    node_modules/.bin/node -e 0 2>/dev/null || give_up 1 "npm's node package did not install a program that runs here." \
      'Run: npm rebuild node'
  fi
  cp package-lock.json "$packages_stamp"
}

# Folders count too: the time of a folder changes when a file in it is added or removed.
build_there() {
  [ -f dist/.stamp ] || return 1
  [ -z "$(find gym invariants scripts/build.ts scripts/tsconfig.types.json package.json package-lock.json tsconfig.json \
    -newer dist/.stamp 2>/dev/null | head -n 1)" ]
}

make_build() {
  build_there && return 0
  say 'building dist/'
  quietly node_modules/.bin/node scripts/build.ts || give_up 1 'the build failed; its last lines are above.' 'Run: npm run check'
}
