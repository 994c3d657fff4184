"""Writers of files that know no domain: spreadsheets and canonical ZIP archives."""
