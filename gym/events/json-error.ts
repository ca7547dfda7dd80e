import { type ParseError, printParseErrorCode } from 'jsonc-parser';

/** What is wrong with a text that is no JSON, in words: `not valid JSON: value expected`. */
export function jsonErrorText({ error }: ParseError): string {
  // The library has one name for each, such as ValueExpected.
  const words = printParseErrorCode(error).replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ');
  return `not valid JSON: ${words.toLowerCase()}`;
}
