"""Files that know no domain: spreadsheets in and out, and canonical ZIP archives."""
