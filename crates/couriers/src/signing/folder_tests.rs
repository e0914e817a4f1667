use super::*;

#[test]
fn a_folder_has_its_files_and_gives_the_same_key_again() {
    let data = tempfile::tempdir().unwrap();
    let first = open(data.path()).unwrap();
    let second = open(data.path()).unwrap();
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
    open(data.path()).unwrap();
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
    open(data.path()).unwrap();
    assert!(!unfinished.exists());
}

#[test]
fn a_damaged_key_is_an_error_and_stays() {
    let data = tempfile::tempdir().unwrap();
    open(data.path()).unwrap();
    let key = data.path().join(FOLDER).join(KEY);
    fs::write(&key, "not a key").unwrap();
    let error = open(data.path()).unwrap_err().to_string();
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
    assert_eq!(open(data.path()).unwrap().certificate_name(), given.certificate_name());
}
