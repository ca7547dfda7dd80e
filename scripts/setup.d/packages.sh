# npm packages and dist/.
# shellcheck shell=bash

readonly packages_stamp=node_modules/.devgym-lock

# The lock file itself is the stamp: node_modules is right when it was installed from the same bytes.
packages_there() { cmp -s package-lock.json "$packages_stamp" && [ -x node_modules/.bin/node ]; }

make_packages() {
  packages_there && return 0
  has npm || give_up 1 'npm is missing.' 'Install Node.js, which brings npm; any version from 20 on will do to get started.'
  say 'installing npm packages (npm ci)'
  quietly npm ci --no-audit --no-fund || give_up 1 'npm ci failed; its last lines are above.' \
    'Check that the npm registry answers (npm ping), then run scripts/setup again.'
  node_modules/.bin/node -e 0 2>/dev/null || give_up 1 "npm's node package did not install a program that runs here." \
    'Run: npm rebuild node'
  cp package-lock.json "$packages_stamp"
}

# Folders count too: the time of a folder changes when a file in it is added or removed.
build_there() {
  [ -f dist/.stamp ] || return 1
  [ -z "$(find gym invariants scripts/build.ts package.json package-lock.json tsconfig.json -newer dist/.stamp 2>/dev/null | head -n 1)" ]
}

make_build() {
  build_there && return 0
  say 'building dist/'
  quietly node_modules/.bin/node scripts/build.ts || give_up 1 'the build failed; its last lines are above.' 'Run: npm run check'
}
