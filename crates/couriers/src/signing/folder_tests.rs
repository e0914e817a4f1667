use tidings_seal::MasterKey;

use super::*;

#[test]
fn a_folder_has_its_files_and_gives_the_same_key_again() {
    let data = tempfile::tempdir().unwrap();
    let first = open(data.path(), None).unwrap();
    let second = open(data.path(), None).unwrap();
    assert_eq!(first.to_pem(), second.to_pem());
    assert_eq!(first.certificate_name(), second.certificate_name());

    let mut names: Vec<String> = fs::read_dir(data.path().join(FOLDER))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [CA_KEY, CA_CERTIFICATE, CERTIFICATE, KEY]);
    assert!(!data.path().join(UNFINISHED).exists());
}

#[cfg(unix)]
#[test]
fn keys_are_nobody_elses_business() {
    use std::os::unix::fs::PermissionsExt as _;

    let data = tempfile::tempdir().unwrap();
    open(data.path(), None).unwrap();
    let folder = data.path().join(FOLDER);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(KEY)), 0o600);
    assert_eq!(mode(&folder.join(CA_KEY)), 0o600);
}

#[test]
fn what_a_crash_left_unfinished_is_made_again() {
    let data = tempfile::tempdir().unwrap();
    let unfinished = data.path().join(UNFINISHED);
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join(KEY), "half a k").unwrap();
    open(data.path(), None).unwrap();
    assert!(!unfinished.exists());
}

#[test]
fn a_damaged_key_is_an_error_and_stays() {
    let data = tempfile::tempdir().unwrap();
    open(data.path(), None).unwrap();
    let key = data.path().join(FOLDER).join(KEY);
    fs::write(&key, "not a key").unwrap();
    let error = open(data.path(), None).unwrap_err().to_string();
    assert!(error.contains("no private key"), "{error}");
    assert_eq!(fs::read_to_string(&key).unwrap(), "not a key");
}

#[test]
fn a_given_chain_takes_the_place_of_what_is_made() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join(FOLDER);
    fs::create_dir(&folder).unwrap();
    let given = SigningKey::generate().unwrap();
    let (key, certificate) = given.to_pem();
    fs::write(folder.join(KEY), key).unwrap();
    fs::write(folder.join(CERTIFICATE), certificate).unwrap();
    assert_eq!(open(data.path(), None).unwrap().certificate_name(), given.certificate_name());
}

fn sealer(key: u8) -> Sealer {
    MasterKey::new([key; 32]).sealer("signing key")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join(FOLDER)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn holds_a_key(folder: &Path) -> bool {
    names(folder).iter().any(|name| {
        let content = fs::read(folder.join(FOLDER).join(name)).unwrap();
        content.windows(11).any(|window| window == b"PRIVATE KEY")
    })
}

const SEALED_NAMES: [&str; 4] =
    ["ca-key.pem.sealed", "ca.pem", "certificate.pem", "key.pem.sealed"];

#[test]
fn keys_are_sealed_where_the_data_folder_is() {
    let data = tempfile::tempdir().unwrap();
    let first = open(data.path(), Some(&sealer(1))).unwrap();
    assert_eq!(names(data.path()), SEALED_NAMES);
    assert!(!holds_a_key(data.path()));
    let second = open(data.path(), Some(&sealer(1))).unwrap();
    assert_eq!(first.to_pem(), second.to_pem());

    let before = fs::read(sealed_file(&data.path().join(FOLDER), KEY)).unwrap();
    let refused = open(data.path(), Some(&sealer(2))).unwrap_err();
    assert!(matches!(refused, FolderError::Sealed { .. }), "{refused}");
    assert_eq!(fs::read(sealed_file(&data.path().join(FOLDER), KEY)).unwrap(), before);
    // Each file is sealed for what it is.
    let folder = data.path().join(FOLDER);
    fs::copy(sealed_file(&folder, CA_KEY), sealed_file(&folder, KEY)).unwrap();
    assert!(open(data.path(), Some(&sealer(1))).is_err());
}

#[test]
fn keys_that_lie_there_as_they_are_get_sealed() {
    let data = tempfile::tempdir().unwrap();
    let plain = open(data.path(), None).unwrap();
    assert!(holds_a_key(data.path()));
    let folder = data.path().join(FOLDER);
    fs::write(folder.join("key.pem.tmp"), "half a k").unwrap();
    let sealed = open(data.path(), Some(&sealer(1))).unwrap();
    assert_eq!(plain.to_pem(), sealed.to_pem());
    assert_eq!(names(data.path()), SEALED_NAMES);
    assert!(!holds_a_key(data.path()));

    // An operator's own takes the place of what was sealed.
    let given = SigningKey::generate().unwrap();
    let (key, certificate) = given.to_pem();
    fs::write(folder.join(KEY), key).unwrap();
    fs::write(folder.join(CERTIFICATE), certificate).unwrap();
    for _ in 0..2 {
        let found = open(data.path(), Some(&sealer(1))).unwrap();
        assert_eq!(found.certificate_name(), given.certificate_name());
        assert!(!holds_a_key(data.path()));
    }
}

#[test]
fn keys_that_nobody_needs_are_sealed_too() {
    let data = tempfile::tempdir().unwrap();
    seal_keys_in(data.path(), &sealer(1)).unwrap();
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "there is nothing to seal");

    let plain = open(data.path(), None).unwrap();
    let unfinished = data.path().join(UNFINISHED);
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join(KEY), "half a PRIVATE KEY").unwrap();
    for _ in 0..2 {
        seal_keys_in(data.path(), &sealer(1)).unwrap();
        assert!(!holds_a_key(data.path()) && !unfinished.exists());
    }
    let sealed = open(data.path(), Some(&sealer(1))).unwrap();
    assert_eq!(plain.to_pem(), sealed.to_pem());
}
