"""What needs many pages: the lines and titles of a site."""
