def read_zip(source, options, read_member):
    return iter(())
read_tar = read_zip
def zip_cuts(*a):
    return []
