def read_warc(source, options):
    return iter(())
read_arc = read_wet = read_warc
def warc_cuts(*a):
    return []
