//! Private keys: one key pair is one subject, whatever file it is kept in. The keys are throw-away, made for these
//! tests with openssl and ssh-keygen; so are the fingerprints that are expected.

use reeve_domain::key::{Confidence, Resolved, Strength, keypair};
use reeve_domain::secret::{HmacKeys, Unkeyable, ValueHints, is_header_hash, of_value};

const RSA: &str = "maGS0PNzkBlQOfy9WvKwZJcAKlu_4ka2K8cMQdaU-nU";
const RSA_SSH: &str = "SHA256:qYfrJIAYe0svYUR93YpkbJlFfkwaMy6YhNSV3iKA1X4";
const P256: &str = "4E8Bu-SIncvYwmUvDU-b_6aoVtoPAE55UBhJNLstbss";
const P256_SSH: &str = "SHA256:ysrTn7DibT7WWbFNMrcwaiTbDWH0FXqEHglXq0C5h/0";
const P384: &str = "yB4IuGGQs1ol_8Vs8h5Wkd63SY05TB2aoxfSK-adoHQ";
const P384_SSH: &str = "SHA256:T3TItBFsxpnPQpJwMxp3+WZ5i2OL17+PSN++Qo2m+C0";
const P521: &str = "t1HqoBzNip6s_5gJ3NptyxC7Zjz6owVWnBvqL6EvMZs";
const P521_SSH: &str = "SHA256:lKGd5fOGyUpe9ER3KkcqfG2JUmYt2mEvgXIFcbM2iiw";
const K256: &str = "EqSl_HvPWq_5lX-wGOhR10IwQzUen1CDBOyVtAfaHp8";
const ED25519: &str = "pDCrRnGaeQXAX8scB1qed5pbY9w6d4t8N5SUTwVJZ_8";
const ED25519_SSH: &str = "SHA256:S2bCLfs3KttFkasxJQcASasvzvwqzYllXfW7+t710PU";
const OTHER_ED25519: &str = "CqyiYyyE2XkJF2sBP134eMqGtcNwugDvKOhzBEQbiRM";
const OTHER_ED25519_SSH: &str = "SHA256:VVn2s0E+fxbxIHrGF97xZL+hfzwExX1b0tE1jNFZWWo";

#[test]
fn a_key_pair_is_one_subject_in_every_file_format() {
    for file in [RSA_PKCS1, RSA_PKCS8, RSA_OPENSSH] {
        check(file, RSA, Some(RSA_SSH), "rsa");
    }
    for file in [
        P256_SEC1,
        P256_PKCS8,
        P256_OPENSSH,
        P256_WITHOUT_PUBLIC,
        P256_COMPRESSED,
    ] {
        check(file, P256, Some(P256_SSH), "ec");
    }
    for file in [P384_SEC1, P384_PKCS8] {
        check(file, P384, Some(P384_SSH), "ec");
    }
    for file in [P521_SEC1, P521_PKCS8, P521_OPENSSH] {
        check(file, P521, Some(P521_SSH), "ec");
    }
    for file in [K256_SEC1, K256_PKCS8] {
        check(file, K256, None, "ec");
    }
    check(ED25519_PKCS8, ED25519, Some(ED25519_SSH), "ed25519");
    check(ED25519_OPENSSH, OTHER_ED25519, Some(OTHER_ED25519_SSH), "ed25519");
}

#[test]
fn line_breaks_quotes_and_neighbours_do_not_change_the_key() {
    let escaped = RSA_PKCS8.replace('\n', "\\n");
    let spellings = [
        escaped.clone(),
        escaped.replace('\\', "\\\\"),
        format!("\"{escaped}\","),
        RSA_PKCS8.replace('\n', "\r\n"),
        RSA_PKCS8.replace('\n', " "),
        RSA_PKCS8.lines().map(|line| format!("    {line}\n")).collect(),
        format!("key: |\n{RSA_PKCS8}\nother: value"),
        format!("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n{RSA_PKCS8}"),
        RSA_PKCS8.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        RSA_PKCS8.split("-----END").next().unwrap_or_default().to_owned(),
    ];
    for spelling in spellings {
        check(&spelling, RSA, Some(RSA_SSH), "rsa");
    }
}

#[test]
fn a_putty_file_is_known_by_its_public_lines() {
    check(PUTTY, RSA, Some(RSA_SSH), "rsa");
    assert_eq!(
        refused(&PUTTY.replace("Encryption: none", "Encryption: aes256-cbc")),
        Unkeyable::Encrypted
    );
}

#[test]
fn a_private_key_carries_no_keyed_hash_of_its_text() {
    let resolved = resolve(RSA_PKCS1);
    assert!(
        resolved.aliases.iter().all(|alias| alias.key.provider() == "key"),
        "{:?}",
        resolved.aliases
    );
}

#[test]
fn a_key_under_a_passphrase_has_no_key_of_its_own() {
    for file in [
        RSA_ENCRYPTED_PKCS1,
        RSA_ENCRYPTED_PKCS8,
        ED25519_ENCRYPTED_OPENSSH,
    ] {
        assert_eq!(refused(file), Unkeyable::Encrypted);
    }
}

#[test]
fn a_header_alone_is_no_value() {
    let headers = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "BEGIN RSA PRIVATE KEY",
        "-----BEGIN OPENSSH PRIVATE KEY-----\\n",
        "-----BEGIN PRIVATE KEY-----\nREDACTED\n-----END PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\n********************************\n-----END EC PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY",
        "PuTTY-User-Key-File-2",
    ];
    for header in headers {
        assert_eq!(refused(header), Unkeyable::NoValue, "{header}");
    }
}

#[test]
fn the_hash_of_a_header_is_known() {
    // detect-secrets hashes the words alone, GitLab the first line.
    assert!(is_header_hash("be4fc4886bd949b369d5e092eb87494f12e57e5b"));
    assert!(is_header_hash(&sha256_hex("-----BEGIN RSA PRIVATE KEY-----")));
    assert!(is_header_hash(
        &sha256_hex("-----BEGIN OPENSSH PRIVATE KEY-----").to_uppercase()
    ));
    assert!(!is_header_hash(&sha256_hex("-----BEGIN CERTIFICATE-----")));
    assert!(!is_header_hash("d70eab08607a4d05faa2d0d6647206599e9abc65"));
}

#[test]
fn a_broken_body_is_still_a_value_and_two_broken_bodies_are_two() {
    let broken = |fill: &str| {
        format!(
            "-----BEGIN RSA PRIVATE KEY-----\nMIICXQIBAAKB{}\n-----END RSA PRIVATE KEY-----",
            fill.repeat(24)
        )
    };
    let (first, second) = (resolve(&broken("a1B")), resolve(&broken("c2D")));
    assert_eq!(first.subject.key.kind(), "hmac");
    assert_eq!(first.subject.attributes["kind"], "private-key");
    assert_ne!(first.subject.key, second.subject.key);
}

#[test]
fn a_fingerprint_leads_to_the_alias_of_the_key() {
    let by_fingerprint = keypair::from_ssh_fingerprint(P384_SSH).expect("a fingerprint");
    let strong = |alias: &reeve_domain::key::Alias| {
        alias.key == by_fingerprint.subject.key && alias.strength == Strength::Strong
    };
    assert!(resolve(P384_PKCS8).aliases.iter().any(strong));
    assert!(!resolve(P256_PKCS8).aliases.iter().any(strong));
}

fn check(text: &str, spki: &str, ssh: Option<&str>, algorithm: &str) {
    let resolved = resolve(text);
    assert_eq!(
        resolved.subject.key.as_str(),
        format!("secret:key:spki:{spki}"),
        "{text}"
    );
    assert_eq!(resolved.subject.confidence, Confidence::High);
    assert_eq!(resolved.subject.attributes["algorithm"], algorithm);
    let known: Vec<String> = resolved
        .aliases
        .iter()
        .map(|alias| alias.key.to_string())
        .collect();
    let expected = ssh.map(|text| {
        keypair::from_ssh_fingerprint(text)
            .expect("a fingerprint")
            .subject
            .key
    });
    assert_eq!(
        known,
        expected.iter().map(ToString::to_string).collect::<Vec<_>>()
    );
}

fn resolve(text: &str) -> Resolved {
    of_value(text, None, &ValueHints::default(), &keys()).expect("a value")
}

fn refused(text: &str) -> Unkeyable {
    match of_value(text, None, &ValueHints::default(), &keys()) {
        Ok(resolved) => unreachable!("{} is no key for this", resolved.subject.key),
        Err(why) => why,
    }
}

fn keys() -> HmacKeys {
    HmacKeys::new(&[7; 32]).expect("32 bytes")
}

fn sha256_hex(text: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

const RSA_PKCS1: &str = "\
-----BEGIN RSA PRIVATE KEY-----
MIICWwIBAAKBgQConpmMypqA4U9Cyb0Ci/QUJjZkusjwMw3Il3BRc8LGvsZylYn2
m8Pp+86QEGWxYnvtmWw5xrrRL73vgRMn3dlnJTWfTB0eBtzUuGu8NzNiSnWbmSO1
9SAKZizY9oRs8CUEK5iqXYehid2w9Yg9FxSQFlIdQEMtGMtEkpb/jcBHBQIDAQAB
AoGAcWfBo9Q7l4RxV1zxFv5jmQ2eNZ7+N7ZOheN8MfvmOt7h/vyd/lMCr6KgaXnt
uyCecs1l4XHMAZbXanZoGL73UHTMOLEztyI5OFnsG5Xv543TXimKZcdnPjAcxANG
sse0MzofHJFdpEKADsiz6t5p9TNSGRctpYl4Vvedi6IlIF0CQQDdMqOX7BwABUNr
B2RwSom9kpKYpeOS5noUvZ9Tj0lCK1xOKk0U35ciUPlTl0BP03L7oLAhaspQnujA
z+bf+0irAkEAwyY5MltMybLx16Sy1beXT3ksKIvPvIQkHNfYICC6bKKYDEDdvibB
n5bisFXaGMPcNymInq5mv4UhteJ32E8PDwJAcV/+N+U+KMiJ2LbuRRv/Y5pX50PH
1EirtCvJGTQtEWxWIH5QCe3ccitcz/qLbR7tJYokHMy2rAH3PLSTGqSahwJAakDO
lad2WL/Qw8wN/yVWAlSEgZMWSZtdGkM/jsajGnEw/kL3OQhbFiyOQtqLxD4oEfTQ
SS3GDfNL1n93J1RsawJAbvqzpj7FTuXszaMUuXR28TstzWT5Am64rXbO+ycqiW/N
gBqIZasOvWyFLG/7DH3eIZ8CoRplf+JwG2m+RKDB7A==
-----END RSA PRIVATE KEY-----
";
const RSA_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAKiemYzKmoDhT0LJ
vQKL9BQmNmS6yPAzDciXcFFzwsa+xnKVifabw+n7zpAQZbFie+2ZbDnGutEvve+B
Eyfd2WclNZ9MHR4G3NS4a7w3M2JKdZuZI7X1IApmLNj2hGzwJQQrmKpdh6GJ3bD1
iD0XFJAWUh1AQy0Yy0SSlv+NwEcFAgMBAAECgYBxZ8Gj1DuXhHFXXPEW/mOZDZ41
nv43tk6F43wx++Y63uH+/J3+UwKvoqBpee27IJ5yzWXhccwBltdqdmgYvvdQdMw4
sTO3Ijk4Wewble/njdNeKYplx2c+MBzEA0ayx7QzOh8ckV2kQoAOyLPq3mn1M1IZ
Fy2liXhW952LoiUgXQJBAN0yo5fsHAAFQ2sHZHBKib2Skpil45LmehS9n1OPSUIr
XE4qTRTflyJQ+VOXQE/TcvugsCFqylCe6MDP5t/7SKsCQQDDJjkyW0zJsvHXpLLV
t5dPeSwoi8+8hCQc19ggILpsopgMQN2+JsGfluKwVdoYw9w3KYierma/hSG14nfY
Tw8PAkBxX/435T4oyInYtu5FG/9jmlfnQ8fUSKu0K8kZNC0RbFYgflAJ7dxyK1zP
+ottHu0liiQczLasAfc8tJMapJqHAkBqQM6Vp3ZYv9DDzA3/JVYCVISBkxZJm10a
Qz+OxqMacTD+Qvc5CFsWLI5C2ovEPigR9NBJLcYN80vWf3cnVGxrAkBu+rOmPsVO
5ezNoxS5dHbxOy3NZPkCbritds77JyqJb82AGohlqw69bIUsb/sMfd4hnwKhGmV/
4nAbab5EoMHs
-----END PRIVATE KEY-----
";
const RSA_OPENSSH: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAlwAAAAdzc2gtcn
NhAAAAAwEAAQAAAIEAqJ6ZjMqagOFPQsm9Aov0FCY2ZLrI8DMNyJdwUXPCxr7GcpWJ9pvD
6fvOkBBlsWJ77ZlsOca60S+974ETJ93ZZyU1n0wdHgbc1LhrvDczYkp1m5kjtfUgCmYs2P
aEbPAlBCuYql2HoYndsPWIPRcUkBZSHUBDLRjLRJKW/43ARwUAAAH4RkP5skZD+bIAAAAH
c3NoLXJzYQAAAIEAqJ6ZjMqagOFPQsm9Aov0FCY2ZLrI8DMNyJdwUXPCxr7GcpWJ9pvD6f
vOkBBlsWJ77ZlsOca60S+974ETJ93ZZyU1n0wdHgbc1LhrvDczYkp1m5kjtfUgCmYs2PaE
bPAlBCuYql2HoYndsPWIPRcUkBZSHUBDLRjLRJKW/43ARwUAAAADAQABAAAAgHFnwaPUO5
eEcVdc8Rb+Y5kNnjWe/je2ToXjfDH75jre4f78nf5TAq+ioGl57bsgnnLNZeFxzAGW12p2
aBi+91B0zDixM7ciOThZ7BuV7+eN014pimXHZz4wHMQDRrLHtDM6HxyRXaRCgA7Is+reaf
UzUhkXLaWJeFb3nYuiJSBdAAAAQG76s6Y+xU7l7M2jFLl0dvE7Lc1k+QJuuK12zvsnKolv
zYAaiGWrDr1shSxv+wx93iGfAqEaZX/icBtpvkSgwewAAABBAN0yo5fsHAAFQ2sHZHBKib
2Skpil45LmehS9n1OPSUIrXE4qTRTflyJQ+VOXQE/TcvugsCFqylCe6MDP5t/7SKsAAABB
AMMmOTJbTMmy8dekstW3l095LCiLz7yEJBzX2CAgumyimAxA3b4mwZ+W4rBV2hjD3DcpiJ
6uZr+FIbXid9hPDw8AAAAAAQID
-----END OPENSSH PRIVATE KEY-----
";
const RSA_ENCRYPTED_PKCS1: &str = "\
-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,94FF63DBE36453710CD9556085CAFCF8

TQu5VrkcfWexsHoyfF9ud/xAYLOScKo0Ig8CZY67aHiJ0aaB0i2U+q9vT65IKFx0
hPhxGHDYpDfHHRdSekSEtrnh3c9A+0hIVFMypVgQ3Q9TW8QJoIj9StzWZNN1uQDR
hI5IakbCrZhXsFMUn9iOtmmsjANWZm350U92QvTTy75y6j7C10r+bq1q6PPnxLEn
k42ma3J8HsD1zSke0uLLGpqQEX2v5CbSOHWsTrxgqEsDsTFX9lcNZ16LX4tMDNn5
Ys688Eyk63keeVC/q9htNMZ9nB0rgHCoL4mQqXOJnpzOEeJjfWkBZcMIPLO4RKGP
Uw+R89vyo06Uhv/Gt2u5FYgbiuhI2/VdTYK4z0eHZIsLzTa1VGfdgzWccKGAdVX0
x7a/lQfGhWbTzm+/OtTRnCVsG2gvXxRfw3QmCjHYkdhwS0UClpj39QjIzerIhe5+
ijNjP1gQmVhFjt0/ggaOaFZwDzwhUHiFQ8aVGlbiOnDerYRU0y2yXr7RP+uMfl8M
8GKjCRsQH46a+KdcRj93ul/ohC7HfABM+bef4o6eqOF16SvBPnsSCzPYhxV5NLdH
+tSvpNhQJLf8Tsu3Ph81U1VkKxyLmUjFhAWxBNwZwDxWu7Ph743/LBIVN+1NU46V
44+XTPWJWJhIhk9kOBQ6YC/uLkPr//b6DtFN6jGTGtHvondMkoQb7rwlV62sVZmd
E59SRuScfjDAxlI8kZSlHZi/ATSicAa6sS8JABe2V21rSiLzd+IV5QsTLjRMRZiq
46a3CZTnOSGdyCVoDmL94Lgwyg3eqgsmoZRGZe/11d8=
-----END RSA PRIVATE KEY-----
";
const RSA_ENCRYPTED_PKCS8: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIIC3TBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIIJvh58Mi3/cCAggA
MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBDDKepcWOeI8w9TYG7hz69DBIIC
gCOgNiUjw6SAmhB76tHxrRTwtUDOuOvMD4XUZXvSR37+7FTxITNALpDZoe9RtYK1
4SHTJbbYTmGTFaGLJMOcotba+GBvAHj6uPjwRLWbFnWxPfOTlsDh4If4xrcJi3Oo
4MAvHHLIrwurzB1vekUmt923gpp6lKDpQvbAtDLUxfi/iu5kk//C2W7cKjB+HurI
xsLngDq9Dc2aM9qik16wFxjNNPKJa9QBMYjS010SL5fs9qQJDVybxGlrgm/jfBCi
YKnkwVGEUUmTEhrUVpMjO6dqlnYwJMTd2OWuXGMIvTeZvk7FKC3Hk7hwaQeoCtn6
SJwVc/Ef+H81mbaAzTVDkxu82e5A/LkXqD/zVCx72GfVoX41Li3EI2R4cBhCOSh0
57lb0/1Z3gw4Ddf14lRavmgZLRd9wrVHcvn65AaCd0dIgtXAEXfwDZLx3ppvP4wF
0tKs6mhG+SeyAz/gYs0BRqq4he7FMMwZ8YkySXALQuQEl6/qLTJX1Ad2fHTJ8y1w
dEl3AvkbDrZVi79N25oky+xrPWUq4PU7IRk2qa+eyB6BsZpNyzKeekFuekQ6d3lt
NpYvu57syS3IHDufJ0wOAnAJLIVitWIohVW5keh0MTbmoKX20Hr45vm0JNe7mR9F
Zbn6+cjPF4uqpd+sAx+G79Gh+DM1Bbv6tc7hjZtssVBY/vIkaPVYCb6vUunsfL4i
481kbUjpBtgui6zFvkgLGVgiO6hCn7V6INbwvX++dGLhw+lmZGtnkpiUu6IZyus1
o3qO9pmnKXijPJa/coXsFvofwGZCBu400z4WuppWSlvzp1rC7mk+F/t5SAdCjAMP
qprTFgSCEHDhZNMgoCKGhOs=
-----END ENCRYPTED PRIVATE KEY-----
";
const P256_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGws2zbmOhbfLhf9Yeaaps+KBA1U4YT6NQz5ZaDLcSXmoAoGCCqGSM49
AwEHoUQDQgAEXktPE68J/qoBJL2c6gDvqho1hY5HQ0+ZlL5ua5K6G4GS5/zy81xH
afVvfxsW1dBrh5DSbHQQEbCPE+ia7DD8QA==
-----END EC PRIVATE KEY-----
";
const P256_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbCzbNuY6Ft8uF/1h
5pqmz4oEDVThhPo1DPlloMtxJeahRANCAAReS08Trwn+qgEkvZzqAO+qGjWFjkdD
T5mUvm5rkrobgZLn/PLzXEdp9W9/GxbV0GuHkNJsdBARsI8T6JrsMPxA
-----END PRIVATE KEY-----
";
const P256_OPENSSH: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQReS08Trwn+qgEkvZzqAO+qGjWFjkdD
T5mUvm5rkrobgZLn/PLzXEdp9W9/GxbV0GuHkNJsdBARsI8T6JrsMPxAAAAAmE2cJbhNnC
W4AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBF5LTxOvCf6qASS9
nOoA76oaNYWOR0NPmZS+bmuSuhuBkuf88vNcR2n1b38bFtXQa4eQ0mx0EBGwjxPomuww/E
AAAAAgbCzbNuY6Ft8uF/1h5pqmz4oEDVThhPo1DPlloMtxJeYAAAAA
-----END OPENSSH PRIVATE KEY-----
";
const P256_WITHOUT_PUBLIC: &str = "\
-----BEGIN EC PRIVATE KEY-----
MDECAQEEIGws2zbmOhbfLhf9Yeaaps+KBA1U4YT6NQz5ZaDLcSXmoAoGCCqGSM49
AwEH
-----END EC PRIVATE KEY-----
";
const P256_COMPRESSED: &str = "\
-----BEGIN EC PRIVATE KEY-----
MFcCAQEEIGws2zbmOhbfLhf9Yeaaps+KBA1U4YT6NQz5ZaDLcSXmoAoGCCqGSM49
AwEHoSQDIgACXktPE68J/qoBJL2c6gDvqho1hY5HQ0+ZlL5ua5K6G4E=
-----END EC PRIVATE KEY-----
";
const P384_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDAtRlw2ggvvWKIBNMeH0He9f4wHTlfqEdZBs8+S8m1Ng8PfRIjEYJxQ
oxFQmy0CLJegBwYFK4EEACKhZANiAAQWmL8A9NKygREun5/w9n99EfLF+FSw3kFG
8SNtwiCACYSn8OF+TdCNbTGcnHylQZKkShEnnEMd1fgRdBCcqUAlY64W0iXvyHRt
bLIy9mkrrfcnL0w7BcByHl9kYj48+RM=
-----END EC PRIVATE KEY-----
";
const P384_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAtRlw2ggvvWKIBNMeH
0He9f4wHTlfqEdZBs8+S8m1Ng8PfRIjEYJxQoxFQmy0CLJehZANiAAQWmL8A9NKy
gREun5/w9n99EfLF+FSw3kFG8SNtwiCACYSn8OF+TdCNbTGcnHylQZKkShEnnEMd
1fgRdBCcqUAlY64W0iXvyHRtbLIy9mkrrfcnL0w7BcByHl9kYj48+RM=
-----END PRIVATE KEY-----
";
const P521_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MIHcAgEBBEIA+TCy5S0tspr7hLQVTjTRN+TUUeFuJ22e7+dj926Xn7pNeVvLZ4l6
Wx0sv8HU55ZYdwuvJPjID5AuE+UXhEt2IN6gBwYFK4EEACOhgYkDgYYABAFOYGML
l+Uno4T58hqBYIOjCr4LwQmTl52D6hJRDpnDbPWebBzn+TLNWiHpuXMLV0GGleug
iIzhCgyNIYtvZJGOWADdNciYX1pHLdhrW9eUeubCb1r0oLLNCzDtvhAzWiLeZ4YN
MfDpf+3rQdOyt4Jg+Qw99YrC6JihpYzLFQNyUEikPQ==
-----END EC PRIVATE KEY-----
";
const P521_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIA+TCy5S0tspr7hLQV
TjTRN+TUUeFuJ22e7+dj926Xn7pNeVvLZ4l6Wx0sv8HU55ZYdwuvJPjID5AuE+UX
hEt2IN6hgYkDgYYABAFOYGMLl+Uno4T58hqBYIOjCr4LwQmTl52D6hJRDpnDbPWe
bBzn+TLNWiHpuXMLV0GGleugiIzhCgyNIYtvZJGOWADdNciYX1pHLdhrW9eUeubC
b1r0oLLNCzDtvhAzWiLeZ4YNMfDpf+3rQdOyt4Jg+Qw99YrC6JihpYzLFQNyUEik
PQ==
-----END PRIVATE KEY-----
";
const P521_OPENSSH: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAArAAAABNlY2RzYS
1zaGEyLW5pc3RwNTIxAAAACG5pc3RwNTIxAAAAhQQBTmBjC5flJ6OE+fIagWCDowq+C8EJ
k5edg+oSUQ6Zw2z1nmwc5/kyzVoh6blzC1dBhpXroIiM4QoMjSGLb2SRjlgA3TXImF9aRy
3Ya1vXlHrmwm9a9KCyzQsw7b4QM1oi3meGDTHw6X/t60HTsreCYPkMPfWKwuiYoaWMyxUD
clBIpD0AAAEAiIkV1IiJFdQAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQ
AAAIUEAU5gYwuX5SejhPnyGoFgg6MKvgvBCZOXnYPqElEOmcNs9Z5sHOf5Ms1aIem5cwtX
QYaV66CIjOEKDI0hi29kkY5YAN01yJhfWkct2Gtb15R65sJvWvSgss0LMO2+EDNaIt5nhg
0x8Ol/7etB07K3gmD5DD31isLomKGljMsVA3JQSKQ9AAAAQgD5MLLlLS2ymvuEtBVONNE3
5NRR4W4nbZ7v52P3bpefuk15W8tniXpbHSy/wdTnllh3C68k+MgPkC4T5ReES3Yg3gAAAA
ABAg==
-----END OPENSSH PRIVATE KEY-----
";
const K256_SEC1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHQCAQEEIDqgh7jXA332ujQYfQPqF6ZkuHcMLM4RpNH2iUe5WiBloAcGBSuBBAAK
oUQDQgAEnCJgW+2nQQXCTTsURUWI5o0smfPBcSF4gVYgw3Yn4AVPxm4BWQAdXkwW
VUkUFOEt7IsirIACIBsTXH14nl1HhQ==
-----END EC PRIVATE KEY-----
";
const K256_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgOqCHuNcDffa6NBh9A+oX
pmS4dwwszhGk0faJR7laIGWhRANCAAScImBb7adBBcJNOxRFRYjmjSyZ88FxIXiB
ViDDdifgBU/GbgFZAB1eTBZVSRQU4S3siyKsgAIgGxNcfXieXUeF
-----END PRIVATE KEY-----
";
const ED25519_PKCS8: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIFpbSvZGqvexn7pPWz9WiHIazcf21n0MaM6EtxMB2qCw
-----END PRIVATE KEY-----
";
const ED25519_OPENSSH: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACCpsdlynY743d1kdMrsajh9IjaPViI2OP+MDE8CbOoK0AAAAIhglyEfYJch
HwAAAAtzc2gtZWQyNTUxOQAAACCpsdlynY743d1kdMrsajh9IjaPViI2OP+MDE8CbOoK0A
AAAEDXAPia7siKQdLaFr9ngpVduV5PjEgbVDs3z6YNFlnsz6mx2XKdjvjd3WR0yuxqOH0i
No9WIjY4/4wMTwJs6grQAAAAAAECAwQF
-----END OPENSSH PRIVATE KEY-----
";
const ED25519_ENCRYPTED_OPENSSH: &str = "\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDgU0QsON
5nRoNzgNMvVnU3AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIKmx2XKdjvjd3WR0
yuxqOH0iNo9WIjY4/4wMTwJs6grQAAAAkEDgzaBTlqUeMlTu3piHopBoplMqmccornwG9A
FAT8nY27gFq5BDDNIgrrd/aqY/Te85n98WBVjKcbbzBkk4NhrUsldQGlJykNDnw3kSzCRE
2uSf+28VHJXs+eT5VPn+Pyh2GT+5j0wQtsoTZFGbchBCeEUCYxChEmue7Ui8hTBp7ZUtLs
tULZc169ZJ6UtYRA==
-----END OPENSSH PRIVATE KEY-----
";
const PUTTY: &str = "\
PuTTY-User-Key-File-2: ssh-rsa
Encryption: none
Comment: throw-away
Public-Lines: 4
AAAAB3NzaC1yc2EAAAADAQABAAAAgQConpmMypqA4U9Cyb0Ci/QUJjZkusjwMw3I
l3BRc8LGvsZylYn2m8Pp+86QEGWxYnvtmWw5xrrRL73vgRMn3dlnJTWfTB0eBtzU
uGu8NzNiSnWbmSO19SAKZizY9oRs8CUEK5iqXYehid2w9Yg9FxSQFlIdQEMtGMtE
kpb/jcBHBQ==
Private-Lines: 1
AAAAgA==
Private-MAC: 00
";
