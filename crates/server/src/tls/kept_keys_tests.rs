use std::collections::BTreeMap;
use std::fs;

use tidings_seal::MasterKey;

use super::*;
use crate::tls::DevelopmentCertificates;

fn sealed_by(byte: u8) -> KeptKeys {
    KeptKeys(Some(Arc::new(MasterKey::new([byte; 32]).sealer(SEALED_FOR))))
}

/// Every file of a folder, by its path in there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_key_is_read_as_it_was_written_sealed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    for (kept, name) in [(KeptKeys::default(), "key.pem"), (sealed_by(1), "key.pem.sealed")] {
        assert_eq!(kept.has(&file), name == "key.pem.sealed", "the other one is there");
        for key in [&b"first"[..], b"second"] {
            kept.write(&file, key).unwrap();
            assert_eq!(kept.read(&file).unwrap()[..], *key);
        }
        let files = files(folder.path());
        assert_eq!(files.keys().collect::<Vec<_>>(), [name]);
        assert_eq!(files[name] == b"second", name == "key.pem");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    fs::write(&file, "an operator's").unwrap();
    assert_eq!(sealed_by(1).read(&file).unwrap()[..], *b"an operator's");
}

#[test]
fn a_key_that_does_not_open_is_told_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let [file, other] = ["key.pem", "ca-key.pem"].map(|name| folder.path().join(name));
    assert_eq!(sealed_by(1).read(&file).unwrap_err().kind(), io::ErrorKind::NotFound);
    sealed_by(1).write(&other, b"another").unwrap();
    // Each is sealed for what it is.
    fs::copy(sealed_file(&other), sealed_file(&file)).unwrap();
    let before = files(folder.path());
    for (kept, file) in
        [(sealed_by(1), &file), (sealed_by(2), &other), (KeptKeys::default(), &other)]
    {
        let error = kept.read(file).unwrap_err().to_string();
        assert!(error.contains("restore it from a backup"), "{error}");
    }
    assert_eq!(files(folder.path()), before);
}

#[test]
fn keys_that_lie_there_as_they_are_get_sealed() {
    let data = tempfile::tempdir().unwrap();
    sealed_by(1).seal_in(data.path()).unwrap();
    assert!(files(data.path()).is_empty(), "there is nothing to seal");

    let made = DevelopmentCertificates::make(data.path(), &[], &KeptKeys::default()).unwrap();
    let folder = acme::AcmeConfig::folder_in(data.path());
    fs::create_dir_all(folder.join("default")).unwrap();
    fs::create_dir_all(data.path().join("tls.new")).unwrap();
    for name in [
        "acme/account-https---ca.test-dir.json",
        "acme/account-https---ca.test-other.new",
        "acme/default/certificate.pem",
        "acme/default/key.pem",
        "acme/default/key.new",
        "tls/key.new",
        "tls.new/ca-key.pem",
    ] {
        let text = if name.contains("certificate") { "public" } else { "PRIVATE KEY" };
        fs::write(data.path().join(name), text).unwrap();
    }
    let before = files(data.path());
    KeptKeys::default().seal_in(data.path()).unwrap();
    assert_eq!(files(data.path()), before, "nothing is to be sealed");

    for _ in 0..2 {
        sealed_by(1).seal_in(data.path()).unwrap();
        let after = files(data.path());
        let names = [
            "acme/account-https---ca.test-dir.json.sealed",
            "acme/default/certificate.pem",
            "acme/default/key.pem.sealed",
            "tls/ca-key.pem.sealed",
            "tls/ca.pem",
            "tls/certificate.pem",
            "tls/key.pem.sealed",
        ];
        assert_eq!(after.keys().collect::<Vec<_>>(), names);
        let is_key = |content: &[u8]| content.windows(11).any(|window| window == b"PRIVATE KEY");
        assert!(!after.values().any(|content| is_key(content)));
    }
    for name in ["tls/ca-key.pem", "tls/key.pem", "acme/default/key.pem"] {
        let key = sealed_by(1).read(&data.path().join(name)).unwrap();
        assert_eq!(key[..], before[name], "{name}");
    }
    let again = DevelopmentCertificates::make(data.path(), &[], &sealed_by(1)).unwrap();
    assert_eq!(again, made);
    assert_eq!(files(data.path())["tls/ca.pem"], before["tls/ca.pem"], "the authority stays");
}
