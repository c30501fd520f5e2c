// SPDX-License-Identifier: Apache-2.0
// p = a * b + c in one DSP48 slice, signed: a and b are taken in one cycle, p is there three cycles later.
// c is taken a cycle after a and b, through its register; with CASCADE it is the wire `pcout` of the slice
// below and taken two cycles after a and b. No reset and no clock enable.
//
// Synthesis takes the primitive: DSP48E2, or DSP48E1 with SERIES7 (7-series). Simulation, and synthesis that
// defines HLS_DSP_BEHAVIOUR, takes what it does.
`ifndef SYNTHESIS
`define HLS_DSP_BEHAVIOUR
`endif
module hls_mul_add #(
    parameter int A = 27,  // bits of a; at most 27, with SERIES7 25
    parameter int B = 18,  // bits of b; at most 18
    parameter bit CASCADE = 0,
    parameter bit SERIES7 = 0
) (
    input  logic clk,
    input  logic [A-1:0] a,
    input  logic [B-1:0] b,
    input  logic [47:0] c,
    output logic [47:0] p,
    output logic [47:0] pcout
);
`ifdef HLS_DSP_BEHAVIOUR
  logic signed [A-1:0] a_q;
  logic signed [B-1:0] b_q;
  logic signed [A+B-1:0] m;
  always_ff @(posedge clk) begin
    a_q <= $signed(a);
    b_q <= $signed(b);
    m <= a_q * b_q;
  end
  if (CASCADE) begin : g_cascade
    always_ff @(posedge clk) p <= c + 48'(m);
  end else begin : g_port
    logic [47:0] c_q;
    always_ff @(posedge clk) begin
      c_q <= c;
      p <= c_q + 48'(m);
    end
  end
  assign pcout = p;
`else
  // OPMODE: W of DSP48E2 nothing, Z what is added, Y and X the product.
  localparam logic [6:0] OPMODE = CASCADE ? 7'b001_01_01 : 7'b011_01_01;
  wire [29:0] a_port = 30'($signed(a));
  wire [17:0] b_port = 18'($signed(b));
  wire [47:0] c_port = CASCADE ? 48'd0 : c;
  wire [47:0] c_wire = CASCADE ? c : 48'd0;
  if (SERIES7) begin : g_dsp48e1
    DSP48E1 #(
        .ACASCREG(1), .ADREG(0), .ALUMODEREG(0), .AREG(1), .BCASCREG(1), .BREG(1), .CARRYINREG(0),
        .CARRYINSELREG(0), .CREG(1), .DREG(0), .INMODEREG(0), .MREG(1), .OPMODEREG(0), .PREG(1),
        .A_INPUT("DIRECT"), .B_INPUT("DIRECT"), .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"),
        .USE_DPORT("FALSE")
    ) u_slice (
        .CLK(clk), .A(a_port), .B(b_port), .C(c_port), .PCIN(c_wire), .P(p),
        .PCOUT(pcout), .OPMODE(OPMODE), .ALUMODE(4'd0), .INMODE(5'd0), .CARRYIN(1'b0), .CARRYINSEL(3'd0),
        .ACIN(30'd0), .BCIN(18'd0), .D(25'd0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0), .CEA2(1'b1),
        .CEB2(1'b1), .CEC(1'b1), .CEM(1'b1), .CEP(1'b1), .CEA1(1'b0), .CEB1(1'b0), .CEAD(1'b0), .CED(1'b0),
        .CEALUMODE(1'b0), .CECARRYIN(1'b0), .CECTRL(1'b0), .CEINMODE(1'b0), .RSTA(1'b0), .RSTB(1'b0),
        .RSTC(1'b0), .RSTM(1'b0), .RSTP(1'b0), .RSTD(1'b0), .RSTALLCARRYIN(1'b0), .RSTALUMODE(1'b0),
        .RSTCTRL(1'b0), .RSTINMODE(1'b0), .ACOUT(), .BCOUT(), .CARRYCASCOUT(), .CARRYOUT(), .MULTSIGNOUT(),
        .OVERFLOW(), .PATTERNBDETECT(), .PATTERNDETECT(), .UNDERFLOW()
    );
  end else begin : g_dsp48e2
    DSP48E2 #(
        .ACASCREG(1), .ADREG(0), .ALUMODEREG(0), .AREG(1), .BCASCREG(1), .BREG(1), .CARRYINREG(0),
        .CARRYINSELREG(0), .CREG(1), .DREG(0), .INMODEREG(0), .MREG(1), .OPMODEREG(0), .PREG(1),
        .A_INPUT("DIRECT"), .B_INPUT("DIRECT"), .USE_MULT("MULTIPLY"), .USE_SIMD("ONE48"), .AMULTSEL("A"),
        .BMULTSEL("B"), .PREADDINSEL("A")
    ) u_slice (
        .CLK(clk), .A(a_port), .B(b_port), .C(c_port), .PCIN(c_wire), .P(p),
        .PCOUT(pcout), .OPMODE({2'b00, OPMODE}), .ALUMODE(4'd0), .INMODE(5'd0), .CARRYIN(1'b0),
        .CARRYINSEL(3'd0), .ACIN(30'd0), .BCIN(18'd0), .D(27'd0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
        .CEA2(1'b1), .CEB2(1'b1), .CEC(1'b1), .CEM(1'b1), .CEP(1'b1), .CEA1(1'b0), .CEB1(1'b0), .CEAD(1'b0),
        .CED(1'b0), .CEALUMODE(1'b0), .CECARRYIN(1'b0), .CECTRL(1'b0), .CEINMODE(1'b0), .RSTA(1'b0),
        .RSTB(1'b0), .RSTC(1'b0), .RSTM(1'b0), .RSTP(1'b0), .RSTD(1'b0), .RSTALLCARRYIN(1'b0),
        .RSTALUMODE(1'b0), .RSTCTRL(1'b0), .RSTINMODE(1'b0), .ACOUT(), .BCOUT(), .CARRYCASCOUT(),
        .CARRYOUT(), .MULTSIGNOUT(), .OVERFLOW(), .PATTERNBDETECT(), .PATTERNDETECT(), .UNDERFLOW(),
        .XOROUT()
    );
  end
`endif
endmodule
